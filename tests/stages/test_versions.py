"""Models live in versions: nothing kept is ever changed, and only what is published is live."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from habitue.kernel.errors import UserError
from habitue.stages.kind import kinds
from habitue.stages.models import Model, ModelError, Scope
from habitue.stages.versions import edit, install, live, publish, versions
from habitue.store.ops import Ops


@pytest.fixture
def ops(ops_url: str) -> Iterator[Ops]:
    opened = Ops.open(ops_url)
    yield opened
    opened.close()


def test_an_installed_model_is_live_and_reads_back_the_same(ops: Ops) -> None:
    made = install(
        ops,
        "chabry6",
        "transactional",
        5,
        parameters={"dormant": "120d"},
        scope=Scope('props.x == "y"'),
        by="ana",
    )
    assert live(ops) == [made]
    assert (made.number, made.definition().version) == (1, made.version)
    assert [(one.model, one.created, one.by, one.live) for one in versions(ops, "transactional")] == [
        (made, 5, "ana", True)
    ]


def test_every_preset_reads_back_as_it_was(ops: Ops) -> None:
    made = [install(ops, kind, kind, 0) for kind in kinds()]
    assert live(ops) == made
    assert len({one.version for one in made}) == len(made)


def test_an_edit_is_a_draft_until_it_is_published(ops: Ops) -> None:
    first = install(ops, "chabry6", "transactional", 1)
    draft = edit(ops, replace(first, settings={"lost": "400d"}), 2)
    assert live(ops) == [first]
    publish(ops, draft, 3)
    assert live(ops) == [draft]
    assert [(one.model, one.live) for one in versions(ops, "transactional")] == [
        (first, False),
        (draft, True),
    ]
    publish(ops, first, 4)
    assert live(ops) == [first]


def test_a_model_goes_by_the_kind_it_was_kept_with(ops: Ops) -> None:
    kind = replace(kinds()["b2c5"], id="ours")
    assert install(ops, kind, "ours", 0).kind == live(ops)[0].kind == kind


def test_a_draft_that_never_went_live_says_so(ops: Ops) -> None:
    first = install(ops, "chabry6", "transactional", 5)
    edit(ops, replace(first, settings={"dormant": "120d"}), 7)
    third = edit(ops, replace(first, settings={"dormant": "150d"}), 8)
    publish(ops, third, 9)
    assert [(one.created, one.since, one.live) for one in versions(ops, "transactional")] == [
        (5, 5, False),
        (7, None, False),
        (8, 9, True),
    ]


def test_an_unsound_model_is_not_kept(ops: Ops) -> None:
    with pytest.raises(ModelError):
        install(ops, "chabry6", "transactional", 0, parameters={"dormant": "400d"})
    with pytest.raises(UserError, match="Did you mean “chabry6”"):
        install(ops, "chabry7", "transactional", 0)
    assert live(ops) == []


def test_an_id_is_taken_once_and_keeps_its_subject(ops: Ops) -> None:
    first = install(ops, "chabry6", "transactional", 0)
    with pytest.raises(UserError, match="already"):
        install(ops, "aarrl5", "transactional", 1)
    with pytest.raises(UserError, match="can't change"):
        edit(ops, Model("transactional", kinds()["b2b5"]), 1)
    with pytest.raises(UserError, match="no stage model"):
        versions(ops, "other")
    assert live(ops) == [first]


def test_a_population_may_name_a_stage_of_another_live_model(ops: Ops) -> None:
    install(ops, "chabry6", "transactional", 0)
    model = install(ops, "b2c5", "loyalty", 0, population='stage("transactional") in ["active", "new"]')
    assert model in live(ops)
    with pytest.raises(ModelError, match="dormnt"):
        install(ops, "b2c5", "other", 0, population='stage("transactional") == "dormnt"')
    with pytest.raises(ModelError, match="nobody"):
        install(ops, "b2c5", "other", 0, population='stage("nobody") == "dormant"')


def test_models_do_not_go_round_in_a_circle(ops: Ops) -> None:
    first = install(ops, "chabry6", "first", 0)
    install(ops, "b2c5", "second", 0, population='stage("first") == "active"')
    with pytest.raises(ModelError, match="circle"):
        edit(ops, replace(first, population='stage("second") == "loyalty"'), 1)
    with pytest.raises(ModelError, match="circle"):
        install(ops, "b2c5", "third", 0, population='stage("third") == "loyalty"')
