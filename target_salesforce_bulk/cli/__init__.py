"""One file per command, each a thin parse around one function."""
