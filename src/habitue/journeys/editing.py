"""A journey being put together: its plain body changed in one place at a time, whole or not.

A place is written as numbers with dots: "2" is the third step, "2.0.1" the second step in the first branch of
it. What is made is a new body; `reading.attempt` says what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any, TypeAlias

from habitue.journeys.registry import kinds

Body: TypeAlias = dict[str, Any]


def inserted(body: Body, place: str, kind: str) -> tuple[Body, str]:
    """With a new step of a kind at a place, and that place; what stood there comes after it."""
    made = deepcopy(body)
    steps, number = _around(made, place)
    number = min(number, len(steps))
    steps.insert(number, _fresh(made, kind))
    head = place.rpartition(".")[0]
    return made, f"{head}.{number}" if head else str(number)


def removed(body: Body, place: str) -> Body:
    """Without the step at a place, and all that stands in its branches."""
    made = deepcopy(body)
    steps, number = _around(made, place)
    if number < len(steps):
        del steps[number]
    return made


def moved(body: Body, place: str, by: int) -> tuple[Body, str]:
    """With the step at a place one up (-1) or down (1) among its neighbours, and where it is then."""
    made = deepcopy(body)
    steps, number = _around(made, place)
    to = number + by
    if not (0 <= number < len(steps) and 0 <= to < len(steps)):
        return made, place
    steps[number], steps[to] = steps[to], steps[number]
    head = place.rpartition(".")[0]
    return made, f"{head}.{to}" if head else str(to)


def changed(body: Body, place: str, values: Mapping[str, Any]) -> Body:
    """With other settings of the step at a place; its id, kind and branches stay."""
    made = deepcopy(body)
    step = step_at(made, place)
    if step is not None:
        kept = {name: step[name] for name in ("id", "is", "branches") if name in step}
        step.clear()
        step.update({"id": kept.pop("id", ""), "is": kept.pop("is", "")} | dict(values) | kept)
    return made


def branched(body: Body, place: str, branches: Sequence[Mapping[str, Any]], add: bool) -> Body:
    """With other settings of the step's branches, and one more if asked; their steps stay theirs."""
    made = deepcopy(body)
    step = step_at(made, place)
    if step is None:
        return made
    old = [one for one in step.get("branches", []) if isinstance(one, dict)]
    named = {str(one.get("id")): one for one in old}
    step["branches"] = [
        {**one, "steps": named.get(str(one.get("was", one["id"])), {}).get("steps", [])} for one in branches
    ]
    for one in step["branches"]:
        one.pop("was", None)
    if add:
        step["branches"].append(
            {"id": _free("way", {str(one["id"]) for one in step["branches"]}), "steps": []}
        )
    return made


def completed(body: Body) -> Body:
    """With every way on that a kind of step always has, so that something can be put into it."""
    made = deepcopy(body)
    for step in _every(made.get("steps", [])):
        found = kinds().get(str(step.get("is")))
        if found is not None and found.outlets:
            there = {str(one.get("id")): one for one in step.get("branches", [])}
            order = [one.id for one in found.outlets]
            step["branches"] = [there.get(name, {"id": name, "steps": []}) for name in order]
    return made


def step_at(body: Body, place: str) -> Body | None:
    """The step at a place."""
    steps, number = _around(body, place)
    found = steps[number] if number < len(steps) else None
    return found if isinstance(found, dict) else None


def _around(body: Body, place: str) -> tuple[list[Any], int]:
    """The list that a place is in, and its number there; an empty one for a place that is none."""
    numbers = [int(part) if part.isdecimal() else 0 for part in place.split(".")]
    steps = body.setdefault("steps", [])
    for step, branch in zip(numbers[:-1:2], numbers[1:-1:2], strict=False):
        here = steps[step] if step < len(steps) else {}
        branches = here.get("branches", [])
        if branch >= len(branches):
            return [], 0
        steps = branches[branch].setdefault("steps", [])
    return steps, numbers[-1]


def _fresh(body: Body, kind: str) -> Body:
    """A step of a kind with nothing settled but its id and the branches that it always has."""
    made: Body = {
        "id": _free(kind, {str(one.get("id")) for one in _every(body.get("steps", []))}),
        "is": kind,
    }
    found = kinds().get(kind)
    if found is not None and found.outlets:
        made["branches"] = [{"id": one.id, "steps": []} for one in found.outlets]
    elif found is not None and found.forks is not None:
        share = {"share": 0.5} if kind == "chance" else {}
        made["branches"] = [{"id": name, **share, "steps": []} for name in ("a", "b")]
    return made | _BEGIN.get(kind, {})


_BEGIN: dict[str, Body] = {
    "wait": {"length": "1d"},
    "until": {"within": "3d"},
    "clock": {"time": "09:00"},
    "holdout": {"share": 0.1},
}


def _every(steps: list[Any]) -> Iterator[Body]:
    for step in steps:
        if isinstance(step, dict):
            yield step
            for branch in step.get("branches", []):
                yield from _every(branch.get("steps", []))


def _free(word: str, taken: set[str]) -> str:
    """The word with the first number that nothing has."""
    number = 1
    while f"{word}{number}" in taken:
        number += 1
    return f"{word}{number}"
