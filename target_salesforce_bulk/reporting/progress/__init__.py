"""How far a run is, while it runs."""
