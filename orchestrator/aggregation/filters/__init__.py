"""The robust filters, one a file. Importing this package registers them."""

from orchestrator.aggregation.filters.krum import MultiKrum

__all__ = ["MultiKrum"]
