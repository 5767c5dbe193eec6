"""Ways to log in to an org."""
