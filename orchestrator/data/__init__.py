"""An organisation's data: sources, shards, a train and validation split, tokenised batches."""

from orchestrator.data.document import Document
from orchestrator.data.prepare import Dataset, prepare
from orchestrator.data.settings import DataSettings
from orchestrator.data.sources import load_documents, sources
from orchestrator.data.statement import data_statement

__all__ = [
    "DataSettings",
    "Dataset",
    "Document",
    "data_statement",
    "load_documents",
    "prepare",
    "sources",
]
