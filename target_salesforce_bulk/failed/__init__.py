"""Failed rows after the run: list, export, send again, discard."""
