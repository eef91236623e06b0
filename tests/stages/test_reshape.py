"""A draft may add stages, leave some out and ask them in another order; the one for all others stays last."""

from __future__ import annotations

import pytest
from msgspec import convert, to_builtins
from msgspec.structs import replace

from habitue.kernel.errors import UserError
from habitue.stages.kind import kinds
from habitue.stages.models import Model, faults
from habitue.stages.reshape import asked, back, left_out, more, moved, without
from habitue.stages.sketch import Sketch, applied, filled, sketched

LIVE = Model("transactional", kinds()["chabry6"], {}, None, None, 7, 3, 9)
RULE = 'count("Order Completed", within="365d") >= 6'
ORDER = [stage.id for stage in LIVE.stages if stage.rule is not None]
LAST = LIVE.stages[-1].id


def fields(sketch: Sketch) -> dict[str, str]:
    """What the form posts of it."""
    told = filled(LIVE, sketch) | {"order": ",".join(asked(LIVE, sketch))}
    for name, one in sketch.added.items():
        told |= {f"new.{name}.name": one.name, f"new.{name}.canonical": one.canonical}
    return told


def test_a_new_stage_is_asked_first_and_read_where_it_belongs() -> None:
    sketch = more(LIVE, Sketch(), " Très  bons clients ", "loyal", RULE)
    drawn = applied(LIVE, sketch)
    assert asked(LIVE, sketch) == ["tres-bons-clients", *ORDER]
    assert drawn.stages[0].name.fr == "Très bons clients"
    assert faults(replace(drawn, version=-1)) == []
    assert drawn.stages[-1].id == LAST
    read = [drawn.stages[value].canonical for value in drawn.shown]
    assert read.index("loyal") == read.index("active") + 1
    assert len({stage.shade for stage in drawn.stages}) == len(drawn.stages)
    assert asked(LIVE, more(LIVE, sketch, "Très bons clients", "loyal", RULE))[0] == "tres-bons-clients-2"


def test_the_form_and_the_store_give_back_what_was_drawn() -> None:
    sketch = moved(LIVE, more(LIVE, Sketch(), "VIP", "loyal", RULE), "vip", 1)
    sketch = without(LIVE, sketch, ORDER[-1])
    assert sketched(LIVE, fields(sketch)) == sketch == convert(to_builtins(sketch), Sketch)
    assert [one.id for one in left_out(LIVE, sketch)] == [ORDER[-1]]
    assert sketched(LIVE, fields(Sketch())).empty


def test_what_is_taken_back_leaves_nothing() -> None:
    sketch = without(LIVE, more(LIVE, Sketch(), "VIP", "loyal", RULE), "vip")
    assert sketch.empty
    for stage in ORDER:
        assert back(LIVE, without(LIVE, Sketch(), stage), stage).empty
    assert moved(LIVE, moved(LIVE, Sketch(), ORDER[1], -1), ORDER[1], 1).empty
    assert moved(LIVE, Sketch(), ORDER[0], -1).empty
    assert without(LIVE, Sketch(), LAST).empty


@pytest.mark.parametrize(
    ("name", "canonical", "rule", "said"),
    [
        (" ", "loyal", RULE, "a name"),
        ("x" * 61, "loyal", RULE, "a name"),
        ("VIP", "best", RULE, "counts as"),
        ("VIP", "loyal", " ", "Write the rule"),
    ],
)
def test_what_can_be_no_stage_is_said(name: str, canonical: str, rule: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        more(LIVE, Sketch(), name, canonical, rule)


def test_a_rule_that_is_blank_is_a_fault_of_its_stage() -> None:
    found = faults(applied(LIVE, Sketch(rules={"lost": ""})))
    assert [fault.place for fault in found] == ["lost"]
