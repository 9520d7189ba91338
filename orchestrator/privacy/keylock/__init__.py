"""The key-lock: scales and shifts behind a norm that follow from a member's secret key and stay with the member.

H. Ren and others, "Gradient Leakage Defense with Key-Lock Module for Federated Learning", arXiv:2305.04095.
"""
