"""Events by name, as the working copy knows them: by number."""

from __future__ import annotations

from habitue.store.warehouse import Warehouse


def codes(warehouse: Warehouse, *names: str) -> str:
    """The numbers that events of these names have, for `IN`."""
    found = warehouse.read("SELECT code FROM event_name WHERE name IN (SELECT unnest(?))", (list(names),))
    return ", ".join(map(str, found["code"].to_pylist())) or "NULL"


def ending(warehouse: Warehouse, *ends: str) -> str:
    """The numbers of the events whose names end so, on whatever channel: `Clicked` is `Email Clicked` too."""
    found = warehouse.read("SELECT code, name FROM event_name")
    rows = zip(found["code"].to_pylist(), found["name"].to_pylist(), strict=True)
    mine = [str(code) for code, name in rows if name.partition(" ")[2] in ends]
    return ", ".join(mine) or "NULL"
