"""Base models: where they come from, how they are loaded, and the digest that every member computes."""
