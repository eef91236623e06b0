"""The same served shop as the pages' tests."""

from __future__ import annotations

from tests.web.conftest import shop, site

__all__ = ["shop", "site"]
