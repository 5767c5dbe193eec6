"""What a run did, for monitoring, tracing and lineage systems."""
