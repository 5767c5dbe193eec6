"""Maps the properties of a stream to the fields of an object."""
