"""How a consortium governs itself: decisions that several keys sign, on paper first and then on both chains.

``decisions``, ``ceremony``, ``membership`` and ``wording`` are pure: no web3, no node. What reads or sends is in the
other modules, which are imported where they are used.
"""
