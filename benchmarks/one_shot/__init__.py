"""Forgetting a person from one picture, beside a model that never saw them: `make bench-one-shot`."""
