"""What a run would do, without sending a row."""
