"""The CSV of a batch, before its job."""
