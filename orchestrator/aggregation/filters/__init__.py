"""The robust filters, one a file. Importing this package registers them."""

from orchestrator.aggregation.filter import Candidate, FilterVerdict, filter_named, filters, screened
from orchestrator.aggregation.filters.copies import Copies
from orchestrator.aggregation.filters.krum import MultiKrum
from orchestrator.aggregation.filters.median_distance import MedianDistance
from orchestrator.aggregation.filters.norm_clip import NormClip

__all__ = [
    "Candidate",
    "Copies",
    "FilterVerdict",
    "MedianDistance",
    "MultiKrum",
    "NormClip",
    "filter_named",
    "filters",
    "screened",
]
