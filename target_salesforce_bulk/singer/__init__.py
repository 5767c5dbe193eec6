"""Singer messages in, STATE out."""
