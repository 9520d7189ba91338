"""The release gate on models of which it is known what it must find: `make bench-release`."""
