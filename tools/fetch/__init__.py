"""Packaged models and data: fetched once from the package registries, checked, laid out in the cache."""
