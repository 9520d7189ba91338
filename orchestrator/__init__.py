"""LoRAnchor: federated LoRA fine-tuning, anchored on two chains, revocable with evidence."""

__version__ = "0.1.0"
