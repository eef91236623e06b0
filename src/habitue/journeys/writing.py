"""A journey as it is kept and exported: a plain body, JSON or TOML, and what differs between two."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from habitue.journeys.graph import Branch, Journey, Step

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+\Z")


def body(journey: Journey) -> dict[str, Any]:
    """What is kept; `reading.read` reads it back the same."""
    found: dict[str, Any] = {"id": journey.id, **_plain(journey.head), "entry": _plain(journey.entry)}
    if journey.exits:
        found["exits"] = [_plain(one) for one in journey.exits]
    if journey.goal:
        found["goal"] = _plain(journey.goal)
    found["steps"] = [_step(one) for one in journey.steps]
    return found


def to_json(journey: Journey) -> str:
    """The body as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(body(journey)), indent=2).decode() + "\n"


def to_toml(journey: Journey) -> str:
    """The body as TOML, each step a table of its own, so that a change is a change of few lines."""
    return "\n".join(_lines(body(journey), "")).strip() + "\n"


def diff(one: Journey, other: Journey, names: tuple[str, str]) -> str:
    """What differs between two, line by line (unified diff of their TOML); nothing where they are alike."""
    before, after = (to_toml(journey).splitlines() for journey in (one, other))
    return "\n".join(difflib.unified_diff(before, after, *names, lineterm=""))


def _plain(part: Any) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(part)
    return {name: list(value) if isinstance(value, tuple) else value for name, value in found.items()}


def _step(step: Step) -> dict[str, Any]:
    found = {"id": step.id, **_plain(step.does)}
    if step.branches:
        found["branches"] = [_branch(one) for one in step.branches]
    return found


def _branch(branch: Branch) -> dict[str, Any]:
    own = _plain(branch.settings) if branch.settings is not None else {}
    return {"id": branch.id, **own, "steps": [_step(one) for one in branch.steps]}


def _lines(table: dict[str, Any], path: str) -> Iterator[str]:
    """A table: first its plain values, then the tables in it."""
    inner = {key: value for key, value in table.items() if _tables(value)}
    for key, value in table.items():
        if key not in inner and value is not None:
            yield f"{_key(key)} = {_value(value)}"
    for key, some in inner.items():
        for one in some:
            yield ""
            yield f"[[{path}{key}]]"
            yield from _lines(one, f"{path}{key}.")


def _tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)


def _key(key: str) -> str:
    return key if _BARE.match(key) else _value(key)


def _value(value: Any) -> str:
    match value:
        case dict():
            return (
                "{ " + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items() if v is not None) + " }"
            )
        case list():
            return "[" + ", ".join(_value(one) for one in value) + "]"
        case str():
            # JSON's escapes are TOML's but for one: there a DEL must be escaped too.
            return msgspec.json.encode(value).decode().replace("\x7f", "\\u007f")
    return msgspec.json.encode(value).decode()
