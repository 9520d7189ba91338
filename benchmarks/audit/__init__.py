"""What checking a bundle of a long history takes: time, memory, sizes of proofs."""
