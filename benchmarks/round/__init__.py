"""What the protocol itself costs: a round of n daemons on real chains and real IPFS nodes, and a daemon at rest."""
