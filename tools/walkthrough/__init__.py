"""The page that walks through a round in a block explorer: recorded from a public chain, and rendered from that."""
