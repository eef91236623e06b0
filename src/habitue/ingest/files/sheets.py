"""XLSX, Parquet and JSONL as the same stream of text columns that delimited text gives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from habitue.ingest.files.props import Type
from habitue.ingest.files.source import Source
from habitue.ingest.files.text import Batch


def header(source: Source) -> tuple[list[str], Sequence[Type | None]]:
    raise NotImplementedError


def read(source: Source, header: list[str]) -> Iterator[Batch]:
    raise NotImplementedError
