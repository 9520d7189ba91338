"""The methods of aggregation, one a file. Importing this package registers them."""

from orchestrator.aggregation.strategies.flexlora import FlexLora
from orchestrator.aggregation.strategies.stack import Stack

__all__ = ["FlexLora", "Stack"]
