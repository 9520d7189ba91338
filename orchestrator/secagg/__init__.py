"""Secure aggregation: the sum of the members' updates, and nothing of any one of them.

K. Bonawitz and others, CCS 2017, in the integers of the strategy ``ffa``: so the sum is the plain one, bit for bit. See
docs/methods/secure-aggregation.md for what it protects from whom, and docs/formats/secagg.md for the objects.
"""
