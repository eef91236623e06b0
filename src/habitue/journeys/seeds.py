"""Journeys that begin with what stands on another page: who comes into a segment, who changes stage."""

from __future__ import annotations

from typing import Any, Final

WAYS: Final = ("enters", "leaves")


def telling(segment: str, way: str) -> dict[str, Any]:
    """Whoever comes into a segment (`enters`) or goes out of it (`leaves`) is told to another program."""
    told = {"segment": segment, "change": "entered" if way == "enters" else "left"}
    return {
        "entry": {"is": way, "rule": f'segment("{segment}")'},
        "steps": [{"id": "tell", "is": "webhook", "url": "", "body": told}],
    }


def flowing(model: str, source: str, target: str) -> dict[str, Any]:
    """Whoever goes straight from one stage into another is written to; from any, where `source` is empty.

    No rule remembers what was before: so it begins with leaving one stage, and who has come elsewhere than
    into the other leaves at once.
    """
    there = f'stage("{model}") == "{target}"'
    hello = {"id": "hello", "is": "send", "template": ""}
    if not source:
        return {"entry": {"is": "enters", "rule": there}, "steps": [hello]}
    ways = [
        {"id": "there", "when": there},
        {"id": "elsewhere", "steps": [{"id": "out", "is": "exit"}]},
    ]
    return {
        "entry": {"is": "leaves", "rule": f'stage("{model}") == "{source}"'},
        "steps": [{"id": "where", "is": "split", "branches": ways}, hello],
    }
