"""The private chain's facts and everything that follows from them: a pure package, with no chain, no IPFS and no torch.

``records`` and ``schema`` say what a fact is, ``state`` folds facts into a state, ``view`` looks at the state as of a
block; ``manifest``, ``weights``, ``lineage``, ``awards`` and ``checkpoint`` are functions of that state.
"""
