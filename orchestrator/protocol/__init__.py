"""Pure state machines: what a node wants to do, given what the chains say."""
