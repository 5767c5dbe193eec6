"""The durable journal: everything is on disk before anything relies on it."""
