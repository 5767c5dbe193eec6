"""Previews of a run that send nothing."""
