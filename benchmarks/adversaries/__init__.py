"""Two adversaries among eight organisations, or one among four: what they cost, with and without defence."""
