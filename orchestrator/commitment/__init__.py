"""What members commit to and sign: EIP-712 digests, verdict commitments, checkpoint heads, certificates and receipts.

A pure package. Signing is the keystore's; recovering a signer is here.
"""
