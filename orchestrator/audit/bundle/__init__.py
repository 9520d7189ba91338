"""One file for an auditor without any access: made from both chains and IPFS, checked offline."""
