"""Files become parcels: `inspect` says how a file will be read, `parcels` reads it."""

from __future__ import annotations

from habitue.ingest.files.columns import parse
from habitue.ingest.files.detect import (
    KINDS,
    Detected,
    Kind,
    Settings,
    fingerprint,
    headed,
    inspect,
    remember,
)
from habitue.ingest.files.glance import Glance, glance
from habitue.ingest.files.parcels import CHUNK, job, parcels
from habitue.ingest.files.reading import Place
from habitue.ingest.files.report import Note, Report
from habitue.ingest.files.source import Source, look

__all__ = [
    "CHUNK",
    "KINDS",
    "Detected",
    "Glance",
    "Kind",
    "Note",
    "Place",
    "Report",
    "Settings",
    "Source",
    "fingerprint",
    "glance",
    "headed",
    "inspect",
    "job",
    "look",
    "parcels",
    "parse",
    "remember",
]
