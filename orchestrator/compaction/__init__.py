"""Compaction: many old contributions folded into one object that a quorum compares and agrees on (decision 0028)."""
