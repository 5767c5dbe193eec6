"""The life of a batch, from its first row to a row outcome on disk."""
