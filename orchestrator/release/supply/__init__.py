"""What a model's receiver can check before a byte of it is used: its files, its signature, its bill of materials.

Checking needs neither torch nor a chain. What is refused, and by which name, is in
:class:`orchestrator.release.supply.refusal.Reason`.
"""
