"""ε of the accountants that LoRAnchor uses beside a second opinion."""
