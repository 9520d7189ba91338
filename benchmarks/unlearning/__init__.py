"""Modes and methods of forgetting an organisation, under attack, beside a federation that never had it."""
