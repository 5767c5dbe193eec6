"""What this target knows for certain, on disk before anything relies on it."""
