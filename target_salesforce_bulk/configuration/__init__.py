"""Where settings come from, and whether they can be meant."""
