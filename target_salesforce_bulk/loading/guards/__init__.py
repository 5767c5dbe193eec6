"""Rules that stop a stream. They are pure: each returns a problem, and the caller stops."""
