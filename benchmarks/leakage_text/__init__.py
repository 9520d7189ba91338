"""What LoRA gradients and updates give away of texts: DAGER, without and with the key-lock and noise."""
