"""Generates docs/contracts-reference.md from ABIs, NatSpec, syntax trees and real logs."""
