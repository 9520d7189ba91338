"""Forgetting a person from one picture, with no training data at hand (task 1-SHUI, arXiv 2407.12069)."""
