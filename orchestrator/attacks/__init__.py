"""Attacks on a model: bring back what it unlearnt, tell who was in its training data, get texts out of it.

``relearning`` needs torch. ``membership`` and ``extraction`` work on numbers that were measured elsewhere, with numpy.
"""
