"""Reproduction, on images, of a paper on tamper-resistant unlearning (Siddiqui and others, arXiv 2505.22310)."""
