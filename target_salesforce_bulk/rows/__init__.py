"""Turns records into CSV rows."""
