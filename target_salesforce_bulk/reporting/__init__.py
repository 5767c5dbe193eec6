"""What a run did, for a person to read."""
