"""A record in, a CSV row out."""
