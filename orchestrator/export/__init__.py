"""The model of a manifest for the world outside: a PEFT adapter, or a whole transformers folder, with a model card.

What comes out needs no LoRAnchor to be used. Stages do not know each other; :mod:`orchestrator.export.run` puts them
together. Nothing of torch is imported before it is needed.
"""
