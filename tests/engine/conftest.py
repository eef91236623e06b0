from __future__ import annotations

from collections.abc import Iterator

import pytest

from habitue.store.warehouse import Warehouse


@pytest.fixture(scope="session")
def warehouse() -> Iterator[Warehouse]:
    """One working copy in memory for all cases of a worker; each case empties it first."""
    opened = Warehouse.open(None, threads=1)
    yield opened
    opened.close()
