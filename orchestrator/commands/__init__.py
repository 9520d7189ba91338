"""The verbs of ``loranchor``: one module a verb, each with an ``app``; :mod:`orchestrator.cli` mounts them.

A module imports its heavy parts inside its functions, so that ``--help`` stays fast and works in the base install.
"""
