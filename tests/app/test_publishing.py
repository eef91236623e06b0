"""Definitions going live: what a draft changes is told, and what was live before stays kept."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import habitue
from habitue.app import Shop
from habitue.app.publishing import Change
from habitue.kernel.clock import DAY, instant, iso
from habitue.kernel.errors import UserError
from habitue.rules.problem import RuleError
from habitue.stages import drafts
from habitue.stages.kind import kinds
from habitue.stages.models import ModelError
from habitue.store.tables import audit
from tests.mould import Make

NOW = instant("2026-06-01")
LATER = instant("2026-06-02")
QUICK = 'kind = "chabry6"\nsettings = { dormant = "60d", new = "30d", lost = "100d" }\n'


def orders(file: Path) -> Path:
    """Sixty customers with two orders each, the last of them 1 to 178 days before June 2026."""
    rows = [(f"c-{k}", iso(NOW - gap * DAY)) for k in range(60) for gap in (3 * k + 1, 4 * k + 40)]
    lines = [f"{who},{at},o-{number},10.00" for number, (who, at) in enumerate(rows)]
    file.write_text("\n".join(["customer,ts,order_id,revenue", *lines]))
    return file


def stocked(place: Path, database: str | None) -> Shop:
    made = Shop.create(place, database=database, now=NOW)
    made.import_file(orders(place.with_name("orders.csv")), now=NOW)
    return made


@pytest.fixture
def shop(poured: Callable[[Make], Shop]) -> Iterator[Shop]:
    with poured(stocked) as made:
        yield made


def places(shop: Shop, model: str = "transactional") -> dict[str, str]:
    """Each customer's stage at `NOW`."""
    return {row["customer"]: row["stage"] for row in shop.stages(model).at(NOW)}


def numbers(shop: Shop, model: str = "transactional") -> list[tuple[int, bool]]:
    return [(one.model.number, one.live) for one in shop.versions(model)]


def test_a_draft_becomes_the_next_version_and_says_who_moves(shop: Shop) -> None:
    before = places(shop)
    told = shop.publish(QUICK, "transactional", by="ana", now=NOW)
    after = places(shop)
    moved = Counter((before[who], after[who]) for who in before if before[who] != after[who])
    assert {(one.before, one.after): one.customers for one in told.changes} == moved
    assert (told.number, told.made, told.customers, told.moved) == (2, True, 60, moved.total())
    assert moved
    assert numbers(shop) == [(1, False), (2, True)]
    assert shop.model("transactional").since == NOW


def test_what_is_published_is_in_the_audit_trail(shop: Shop) -> None:
    shop.publish(QUICK, "transactional", by="ana", now=NOW)
    shop.save_segment("vip", 'ever("Order Completed")', NOW, by="bob")
    shop.remove_segment("vip", by="eve", now=LATER)
    with shop.ops.read() as tx:
        rows = tx.execute(audit.select().order_by(audit.c.id)).all()
    assert [(row.by, row.act, row.about, row.at) for row in rows][1:] == [
        ("ana", "publish", "model:transactional", NOW),
        ("bob", "publish", "segment:vip", NOW),
        ("eve", "retire", "segment:vip", LATER),
    ]


def test_a_dry_run_tells_the_same_and_changes_nothing(shop: Shop) -> None:
    before = places(shop)
    told = shop.publish(QUICK, "transactional", dry_run=True, now=NOW)
    assert (numbers(shop), places(shop)) == ([(1, True)], before)
    done = shop.publish(QUICK, "transactional", now=NOW)
    assert (told.changes, told.number, told.made) == (done.changes, done.number, False)


def test_the_same_body_twice_makes_no_new_version(shop: Shop) -> None:
    shop.publish(QUICK, "transactional", now=NOW)
    written = kinds()["chabry6"].settings(drafts.from_text(QUICK).settings)
    lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in written.items())
    for text in (QUICK, f'kind = "chabry6"\n[settings]\n{lines}'):
        twice = shop.publish(text, "transactional", now=LATER)
        assert (twice.same, twice.made, twice.number, twice.since) == (True, False, 2, NOW)
    assert numbers(shop) == [(1, False), (2, True)]


def test_an_earlier_version_is_published_again_as_the_newest(shop: Shop) -> None:
    before = places(shop)
    shop.publish(QUICK, "transactional", now=NOW)
    told = shop.restore("transactional", 1, by="ana", now=NOW)
    assert (told.number, places(shop)) == (3, before)
    assert numbers(shop) == [(1, False), (2, False), (3, True)]
    with pytest.raises(UserError, match="There are 1 to 3"):
        shop.restore("transactional", 9)


def test_a_new_id_makes_a_model_beside_the_others_and_both_stay_fresh(shop: Shop) -> None:
    told = shop.publish(QUICK, "quick", now=NOW)
    assert told.first
    assert told.moved == told.customers == 60
    shop.import_file(_one_more(shop.directory), now=LATER)
    for model in ("transactional", "quick"):
        assert dict(shop.stages(model).counts(LATER))["new"] >= 1
        assert "user:fresh" in shop.stages(model).who("new", LATER)
    shop.remove_model("quick", now=LATER)
    assert [model.id for model in shop.models()] == ["transactional"]
    with pytest.raises(UserError, match="only stage model"):
        shop.remove_model("transactional")


def _one_more(folder: Path) -> Path:
    file = folder / "more.csv"
    file.write_text("customer,ts,order_id,revenue\nfresh,2026-06-01T12:00:00Z,o-x,5.00\n")
    return file


def test_what_is_published_lives_on_in_another_process_and_after_a_rebuild(shop: Shop) -> None:
    shop.publish(QUICK, "transactional", now=NOW)
    shop.save_segment("slow", 'stage("transactional") == "dormant"', NOW)
    was, slow = places(shop), shop.segment("slow").members(NOW)
    assert slow
    shop.close()
    with habitue.open(shop.directory) as again:
        rebuilt = again.rebuild(NOW)
        assert rebuilt.differing == ()
        assert (places(again), again.segment("slow").members(NOW)) == (was, slow)


def test_a_new_version_tells_no_change_that_the_old_one_told(shop: Shop) -> None:
    assert shop.publish(QUICK, "transactional", now=instant("2026-09-01")).moved
    found = shop.warehouse.read("SELECT DISTINCT version FROM transition")["version"].to_pylist()
    assert found == [shop.versions("transactional")[0].model.version]


@pytest.mark.parametrize(
    ("draft", "said"),
    [
        (QUICK + 'population = "trait."', "population"),
        ('kind = "chabry6"\nsettings = { dormant = "x", lost = "y" }', "dormant.*\n.*lost"),
        ('kind = "chabry6"\npopulation = \'segment("nobody")\'', "nobody"),
        ('kind = "chabry6"\npopulation = \'segment("active")\'', "circle"),
        ('id = "No Id"\nkind = "chabry6"', "No Id"),
        ('kind = "klaviyo5"', "active: The model has no stage “active”"),
    ],
)
def test_an_unsound_draft_is_refused_with_all_that_is_wrong(shop: Shop, draft: str, said: str) -> None:
    shop.save_segment("active", 'stage("transactional") == "active"', NOW)
    for dry_run in (True, False):
        with pytest.raises(ModelError, match=f"(?s){said}"):
            shop.publish(draft, None if "id =" in draft else "transactional", dry_run=dry_run, now=NOW)
    assert numbers(shop) == [(1, True)]


def test_a_draft_of_no_model_is_asked_for_its_name(shop: Shop) -> None:
    with pytest.raises(UserError, match="Alive: transactional"):
        shop.publish(QUICK)
    with pytest.raises(UserError, match="persons and accounts"):
        shop.publish('kind = "b2b5"', "transactional")


def test_a_segment_is_made_changed_and_removed(shop: Shop) -> None:
    made = shop.save_segment("often", 'count("Order Completed", within="60d") >= 2', NOW)
    assert made.changes == (Change(None, "in", made.customers),)
    shop.save_segment("both", 'segment("often") and stage("transactional") == "new"', NOW)
    with pytest.raises(UserError, match="still used by: both"):
        shop.remove_segment("often")
    changed = shop.save_segment("often", 'count("Order Completed", within="90d") >= 2', NOW)
    assert (changed.number, [one.before for one in changed.changes]) == (2, [None])
    assert shop.segment("often").count(NOW) == changed.customers
    assert shop.save_segment("often", ' count("Order Completed", within="90d") >= 2', NOW).same
    shop.remove_segment("both")
    shop.remove_segment("often")
    assert shop.segments() == []
    with pytest.raises(RuleError, match="often"):
        shop.segment('segment("often")')
    assert shop.save_segment("often", 'ever("Order Completed")', NOW).number == 3


def test_segments_and_models_do_not_go_round_in_a_circle(shop: Shop) -> None:
    shop.save_segment("one", 'stage("transactional") == "new"', NOW)
    with pytest.raises(RuleError, match="circle"):
        shop.save_segment("one", 'segment("one") and ever("Order Completed")', NOW)
    assert [one.number for one in shop.segments()] == [1]


def test_whoever_reads_is_shown_the_live_version_until_the_next_is_folded(shop: Shop) -> None:
    before, seen = places(shop), []

    def read(*_: object) -> None:
        shop.ready()
        seen.append(places(shop))

    shop.publish(QUICK, "transactional", by="ana", now=NOW, told=read)
    assert seen
    assert all(one == before for one in seen)
    shop.ready()
    assert places(shop) != before
