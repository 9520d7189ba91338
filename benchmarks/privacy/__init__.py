"""The price list of the privacy policies: utility, seconds, bytes, and what the strongest attacker tried gets."""
