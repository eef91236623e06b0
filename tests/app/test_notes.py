"""Notes and tasks beside customers: kept with the customer through merges, and gone with them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from habitue.app import Settings, Shop
from habitue.kernel.clock import DAY, HOUR, instant
from habitue.kernel.errors import UserError
from habitue.store import views
from tests import mould
from tests.ingest.stores import parcel

START = instant("2026-01-01")
NOW = START + 300 * DAY


def peopled(place: Path, _: str | None) -> Shop:
    made = Shop.create(place, Settings(timezone="UTC"), now=START)
    people: list[dict[str, object]] = [{"key": f"user:{who}"} for who in ("ada", "bob", "zoe")]
    made.put([parcel("first", *people)], NOW)
    made.refresh(NOW)
    return made


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with mould.shop(peopled, tmp_path / "shop") as made:
        yield made


def test_a_note_is_kept_composed_without_unseen_signs_and_says_who_changed_it(shop: Shop) -> None:
    kept = shop.note("ada", "  Cafe\u0301 at\u202e ten\r\nas ever\x00 ", "eva", NOW)
    assert kept.text == "Caf\u00e9 at ten\nas ever"
    shop.amend(kept.id, "Tea", "max", now=NOW + HOUR)
    assert [(one.text, one.by, one.edited) for one in shop.notes("ada")] == [("Tea", "eva", NOW + HOUR)]
    shop.unwrite(kept.id, "max", NOW + DAY)
    assert shop.notes("ada") == []
    told = [(one.by, one.act, one.about) for one in shop.deeds()]
    about = f"customer:{shop.person('ada')}"
    acts = [("max", "delete note", about), ("max", "change note", about), ("eva", "add note", about)]
    assert told[:3] == acts
    assert shop.tampered() is None


@pytest.mark.parametrize(("text", "wrong"), [(" \u200b\n", "empty"), ("x" * 4001, "too long")])
def test_what_is_no_note_is_said(shop: Shop, text: str, wrong: str) -> None:
    with pytest.raises(UserError, match=wrong):
        shop.note("ada", text)


def test_two_who_change_one_note_do_not_lose_a_word(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = shop.note("ada", "one", "eva", NOW)
    read = shop._noted(kept.id)
    shop.amend(kept.id, "two", "max", now=NOW)
    monkeypatch.setattr(shop, "_noted", lambda _: read)
    with pytest.raises(UserError, match="in the meantime"):
        shop.amend(kept.id, "three", "eva", now=NOW)


def test_a_task_is_somebodys_until_it_is_done_and_late_after_its_day(shop: Shop) -> None:
    late = shop.task("ada", "call", "eva", due="2026-10-26", assignee="max", now=NOW)
    later = shop.task("bob", "write", "max", due="2026-12-01", now=NOW)
    shop.task("zoe", "visit", "eva", now=NOW)
    end_of_day = instant("2026-10-27") - 1
    assert late.due == end_of_day
    assert [(one.task.text, one.late) for one in shop.tasks(now=end_of_day)] == [
        ("call", False),
        ("write", False),
        ("visit", False),
    ]
    assert [one.task.text for one in shop.tasks(mine="max", now=NOW)] == ["call", "write"]
    assert [one.task.text for one in shop.tasks(overdue=True, now=end_of_day + 1)] == ["call"]
    shop.finish_task(later.id, "max", now=NOW)
    assert [one.task.text for one in shop.tasks(mine="max", now=NOW)] == ["call"]
    assert [one.task.text for one in shop.tasks(done=True, now=NOW)] == ["write"]
    shop.finish_task(later.id, "max", done=False, now=NOW)
    assert shop.tasks(done=True, now=NOW) == []
    with pytest.raises(UserError, match="no task"):
        shop.finish_task(shop.note("ada", "x", now=NOW).id)


def test_a_note_stays_with_the_customer_through_a_merge_and_goes_back_when_that_is_undone(shop: Shop) -> None:
    shop.note("ada", "of ada", now=NOW)
    shop.note("bob", "of bob", now=NOW + 1)
    shop.merge("ada", "bob", "eva", "the same", NOW)
    for key in ("ada", "bob"):
        assert [one.text for one in shop.notes(key)] == ["of bob", "of ada"]
    shop.split("ada", "bob", "eva", "not the same", NOW)
    assert [one.text for one in shop.notes("bob")] == ["of bob"]


def test_what_was_written_beside_many_is_taken_back_at_once(shop: Shop) -> None:
    persons = [shop.person(key) for key in ("ada", "bob")]
    batch = shop.note_all(persons, "called", "eva", task=True, due="2026-11-01", now=NOW)
    assert [one.task.text for one in shop.tasks(now=NOW)] == ["called", "called"]
    assert shop.unnote(batch, "eva", NOW) == 2
    assert shop.tasks(now=NOW) == []
    with pytest.raises(UserError, match="Narrow"):
        shop.note_all([], "nobody")


def test_notes_are_handed_out_and_erased_with_their_customer(shop: Shop, tmp_path: Path) -> None:
    shop.put([parcel("told", {"key": "user:ada", "also": ["email:ada@vanishing.fr"]})], NOW)
    shop.refresh(NOW)
    shop.note("ada", "likes <b>tea</b>", "eva", NOW)
    shop.task("ada", "ring ada@vanishing.fr", "eva", due="2026-11-01", now=NOW)
    beside = shop.note("bob", "a friend of ada@vanishing.fr", "eva", NOW)
    shop.note("bob", "of bob", "eva", NOW)
    views.keep(shop.ops, "Ada", "eva", True, "q=ada%40vanishing.fr", NOW)
    views.keep(shop.ops, "Others", "eva", True, "stage=active", NOW)
    (shop.directory / "exports").mkdir()
    (shop.directory / "exports" / "list.csv").write_text("ada@vanishing.fr")
    files = shop.export("ada", tmp_path / "out", "en")
    told = json.loads(files[0].read_text())["notes"]
    assert [(one["text"], one["task"], one["due"]) for one in told] == [
        ("ring ada@vanishing.fr", True, "2026-11-01T23:59:59.999999Z"),
        ("likes <b>tea</b>", False, None),
    ]
    assert "likes &lt;b&gt;tea" in files[1].read_text()
    shop.erase(["ada"], "eva", now=NOW)
    assert sorted((one.id == beside.id, one.text) for one in shop.notes("bob")) == [
        (False, "of bob"),
        (True, ""),
    ]
    assert [one.name for one in views.every(shop.ops)] == ["Others"]
    assert shop.tampered() is None
    held = [path for path in shop.directory.rglob("*") if path.is_file()]
    assert [path.name for path in held if b"vanishing" in path.read_bytes()] == []
