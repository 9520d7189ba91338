"""The methods of aggregation, one a file. Importing this package registers them."""

from orchestrator.aggregation.strategies.fedex import FedEx
from orchestrator.aggregation.strategies.fedit import FedIt
from orchestrator.aggregation.strategies.ffa import Ffa
from orchestrator.aggregation.strategies.flexlora import FlexLora
from orchestrator.aggregation.strategies.rolora import RoLora
from orchestrator.aggregation.strategies.stack import Stack

__all__ = ["FedEx", "FedIt", "Ffa", "FlexLora", "RoLora", "Stack"]
