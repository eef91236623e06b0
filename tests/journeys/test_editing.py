"""A journey put together step by step, and the recipes that one may begin with."""

from __future__ import annotations

from typing import Any

import pytest

from habitue.journeys import editing
from habitue.journeys.around import Around
from habitue.journeys.reading import attempt, read
from habitue.journeys.recipes import Recipe, recipes
from habitue.journeys.registry import kinds
from habitue.kernel.i18n import LANGUAGES
from habitue.templates.starters import starters


def test_steps_are_put_in_moved_and_taken_out_anywhere() -> None:
    body: dict[str, Any] = {"id": "j", "entry": {"is": "manual"}}
    body, place = editing.inserted(body, "0", "split")
    assert place == "0"
    body, inner = editing.inserted(body, "0.1.0", "wait")
    body, _ = editing.inserted(body, "0.1.1", "tag")
    body = editing.changed(body, "0.1.1", {"tag": "vip"})
    body, moved = editing.moved(body, inner, 1)
    assert moved == "0.1.1"
    assert [one["id"] for one in body["steps"][0]["branches"][1]["steps"]] == ["tag1", "wait1"]
    branches = [{"id": "often", "was": "b", "when": 'count("Order Completed") >= 3'}]
    body = editing.branched(body, "0", branches, add=True)
    assert [(one["id"], len(one["steps"])) for one in body["steps"][0]["branches"]] == [
        ("often", 2),
        ("way1", 0),
    ]
    journey, _ = read(body)
    assert [step.id for step in journey.every()] == ["split1", "tag1", "wait1"]
    assert editing.removed(body, "0")["steps"] == []


@pytest.mark.parametrize("place", ["9", "0.9.9", "x", "", "0.0.0.0.0"])
def test_a_place_that_is_none_changes_nothing_and_breaks_nothing(place: str) -> None:
    body: dict[str, Any] = {"id": "j", "entry": {"is": "manual"}, "steps": []}
    assert editing.removed(body, place)["steps"] == []
    assert editing.moved(body, place, 1)[0]["steps"] == []
    assert editing.step_at(body, place) is None


@pytest.mark.parametrize("kind", kinds())
def test_every_kind_can_be_put_in_and_says_what_it_lacks(kind: str) -> None:
    body, _ = editing.inserted({"id": "j", "entry": {"is": "manual"}}, "0", kind)
    journey, faults = attempt(body)
    assert journey is not None or faults


@pytest.mark.parametrize("recipe", recipes().values(), ids=list(recipes()))
def test_every_recipe_is_sound_in_both_languages(recipe: Recipe) -> None:
    for language in LANGUAGES:
        journey, faults = read(recipe.said(language), Around(templates=list(recipe.templates), journeys=[]))
        assert faults == []
        assert journey.head.name == recipe.names[language]
        assert journey.goal is not None
    sent = {getattr(step.does, "template", None) for step in read(recipe.said("en"))[0].every()} - {None}
    assert sent == set(recipe.templates)
    assert set(recipe.templates.values()) <= set(starters())
