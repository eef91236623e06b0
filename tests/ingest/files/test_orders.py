"""Rows of orders become events with the right customer, instant, money and id."""

from __future__ import annotations

from decimal import Decimal

from habitue.ingest.files import Settings

from .conftest import Run  # noqa: TID252
