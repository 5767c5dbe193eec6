"""The page on which a mapping is made: what it shows, what is wrong, and what it writes."""
