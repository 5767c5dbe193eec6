"""The rows of a batch, after its job."""
