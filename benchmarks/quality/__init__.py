"""Quality of the common model: methods, splits and lineages beside local and centralised training."""
