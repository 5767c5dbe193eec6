"""Rules that stop a stream: each answers a problem, and the caller stops."""
