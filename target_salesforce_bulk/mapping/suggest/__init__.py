"""Suggests a mapping: the object, operation and key of a stream, and a field for each column."""
