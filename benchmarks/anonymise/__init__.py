"""How much planted personal data is found, and how much is found that nobody planted."""
