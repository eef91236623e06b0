"""The parts put together: `Shop` is a workspace, opened."""

from __future__ import annotations

from habitue.app.frame import Frame
from habitue.app.imports import ImportReport, Told
from habitue.app.settings import Settings
from habitue.app.shelf import Fresh
from habitue.app.shop import Shop
from habitue.store.lock import Busy

__all__ = ["Busy", "Frame", "Fresh", "ImportReport", "Settings", "Shop", "Told"]
