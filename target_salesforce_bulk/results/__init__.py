"""The results of loads, read from the state directory for a warehouse."""
