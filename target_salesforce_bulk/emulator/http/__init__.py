"""Routes and wire format of the org."""
