"""Which property of a stream goes to which field of an object."""
