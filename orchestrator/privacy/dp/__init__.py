"""Differential privacy of an update: by sample or by member, with ε over all rounds of a task."""
