"""Attacks that bring data back out of what a member sends: one attack a file behind :class:`protocol.Attack`.

All need torch. ``protocol`` and ``knowledge`` say what attackers get, ``metrics`` how near they came.
"""
