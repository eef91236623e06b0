"""Files become parcels: `inspect` says how a file will be read, `parcels` reads it."""

from __future__ import annotations

from habitue.ingest.files.columns import parse
from habitue.ingest.files.detect import KINDS, Detected, Kind, Settings, fingerprint, inspect, remember
from habitue.ingest.files.parcels import job, parcels
from habitue.ingest.files.reading import Place
from habitue.ingest.files.report import Note, Report

__all__ = [
    "KINDS",
    "Detected",
    "Kind",
    "Note",
    "Place",
    "Report",
    "Settings",
    "fingerprint",
    "inspect",
    "job",
    "parcels",
    "parse",
    "remember",
]
