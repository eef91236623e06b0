"""A sketch holds what differs from the live definition and nothing else, faults and all."""

from __future__ import annotations

import pytest

from habitue.stages.kind import kinds
from habitue.stages.models import Model, faults
from habitue.stages.sketch import Sketch, applied, filled, shown, sketched

LIVE = Model("transactional", kinds()["chabry6"], {"dormant": "120d", "factor": 2.5}, None, None, 7, 3, 9)


def test_a_form_that_nobody_changed_is_an_empty_sketch() -> None:
    for kind in kinds().values():
        live = Model("one", kind)
        assert sketched(live, shown(live)).empty
    assert sketched(LIVE, {**shown(LIVE), "set.factor": "2,50"}).empty


def test_days_stand_as_numbers_and_are_read_back_as_what_they_mean() -> None:
    assert shown(LIVE)["set.dormant"] == "120"
    sketch = sketched(LIVE, {**shown(LIVE), "set.dormant": " 75 ", "set.lost": "10w", "set.factor": "3,5"})
    assert sketch.settings == {"dormant": "75", "lost": "10w", "factor": "3,5"}
    drawn = applied(LIVE, sketch)
    assert dict(drawn.settings) == {"dormant": "75d", "lost": "10w", "factor": 3.5}
    assert (drawn.version, drawn.id) == (0, "transactional")
    assert filled(LIVE, sketch)["set.lost"] == "10w"


def test_what_can_not_be_meant_stays_as_it_was_typed_and_is_a_fault() -> None:
    sketch = sketched(LIVE, {"set.dormant": "soon", "set.orders": "4.5", "rule.lost": "ever("})
    assert sketch == Sketch({"dormant": "soon", "orders": "4.5"}, {"lost": "ever("})
    assert {fault.place for fault in faults(applied(LIVE, sketch))} == {"dormant", "orders"}
    rules = faults(applied(LIVE, Sketch(rules={"lost": 'ever("A") or ev("B")'})))
    assert [(fault.place, fault.column) for fault in rules] == [("lost", 14)]


def test_a_rule_and_a_population_are_laid_on_whatever_is_live() -> None:
    sketch = Sketch({}, {"new": 'ever("Order Completed")'}, 'trait.country == "FR"')
    later = Model("transactional", kinds()["chabry6"], {"dormant": "30d"})
    drawn = applied(later, sketch)
    assert drawn.population == 'trait.country == "FR"'
    assert {stage.id: stage.rule for stage in drawn.stages}["new"] == 'ever("Order Completed")'
    assert drawn.settings == {"dormant": "30d"}
    assert applied(drawn, Sketch(population="")).population is None


@pytest.mark.parametrize("field", ["set.nothing", "rule.nothing", "number", "act"])
def test_fields_that_are_none_of_the_models_are_not_kept(field: str) -> None:
    assert sketched(LIVE, {field: "x"}).empty
