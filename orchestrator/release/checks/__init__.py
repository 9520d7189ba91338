"""The checks of the release gate, one a file."""
