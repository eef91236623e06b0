from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree

import pytest

from habitue.ingest import inbox, loader
from habitue.ingest.apply import catch_up, reached
from habitue.ingest.loader import load, rebuild, recover
from habitue.ingest.whole import LogLost
from habitue.store.log import EventLog
from habitue.store.ops import Ops
from tests.ingest.stores import Stores, opened, parcel

DAY = 86_400_000_000


@pytest.fixture
def stores(tmp_path: Path, ops_url: str) -> Iterator[Stores]:
    with opened(tmp_path, ops_url) as three:
        yield three


def test_what_waits_is_loaded_once_into_the_log_and_the_working_copy(stores: Stores) -> None:
    inbox.put(
        stores.ops, [parcel("one", {"key": "user:b", "ts": 2 * DAY}, {"key": "user:a"}), parcel("two", {})], 9
    )
    loaded = stores.load()
    assert (loaded.events, loaded.duplicates, loaded.persons.tolist(), loaded.history) == (3, 0, [0, 1], True)
    assert (stores.log.end(), reached(stores.warehouse), inbox.count(stores.ops)) == (3, 3, 0)
    assert stores.rows("SELECT person, epoch_us(ts), revenue, seq FROM event ORDER BY seq") == [
        (1, 2 * DAY, 1234, 0),
        (0, 0, 1234, 1),
        (0, 0, 1234, 2),
    ]
    assert stores.rows("SELECT person, key, epoch_us(birth) FROM person") == [
        (0, "user:a", 0),
        (1, "user:b", 2 * DAY),
    ]
    assert stores.load().events == 0


def test_a_message_id_counts_once_within_a_load_and_for_ever(stores: Stores) -> None:
    inbox.put(
        stores.ops, [parcel("one", {"id": "x", "revenue": 1}, {"id": "x", "revenue": 2}, {"id": "y"})], 0
    )
    inbox.put(stores.ops, [parcel("two", {"id": "y", "revenue": 3})], 0)
    loaded = stores.load()
    assert (loaded.events, loaded.duplicates) == (2, 2)
    inbox.put(stores.ops, [parcel("three", {"id": "x"}, {"id": "z", "key": "user:z"})], 0)
    loaded = stores.load()
    assert (loaded.events, loaded.duplicates, loaded.persons.tolist()) == (1, 1, [1])
    assert stores.rows("SELECT revenue FROM event ORDER BY seq") == [(1,), (1234,), (1234,)]


def test_birth_is_the_first_event_even_when_it_comes_late(stores: Stores) -> None:
    for key, ts in (("one", 5 * DAY), ("two", 3 * DAY), ("three", 9 * DAY)):
        inbox.put(stores.ops, [parcel(key, {"ts": ts, "account": "account:x"})], 0)
        stores.load()
    assert stores.rows("SELECT epoch_us(birth) FROM person") == [(3 * DAY,)]
    assert stores.rows("SELECT account, key, epoch_us(birth) FROM account") == [(0, "account:x", 3 * DAY)]


def test_traits_are_flattened_with_dots_and_lists_stay_json(stores: Stores) -> None:
    props = {
        "country": "FR",
        "address": {"city": "Lille", "geo": {"lat": 50.6}},
        "tags": ["a", {"b": 1}],
        "gone": None,
    }
    told = parcel(
        "one",
        {"name": "$identify", "props": json.dumps(props), "ts": 7},
        {"name": "$score", "props": '{"churn": 0.25}'},
        {"name": "$consent", "props": '{"email": true}'},
        {"name": "Page Viewed", "props": '{"country": "no trait"}'},
        {"name": "$identify", "props": "not json"},
    )
    inbox.put(stores.ops, [told], 0)
    assert stores.load().events == 5
    assert stores.rows("SELECT name, value FROM trait ORDER BY name") == [
        ("consent.email", "true"),
        ("score.churn", "0.25"),
        ("trait.address.city", '"Lille"'),
        ("trait.address.geo.lat", "50.6"),
        ("trait.country", '"FR"'),
        ("trait.gone", "null"),
        ("trait.tags", '["a",{"b":1}]'),
    ]


def test_who_was_touched_is_kept_until_folded(stores: Stores) -> None:
    inbox.put(stores.ops, [parcel("one", {}), parcel("two", {"key": "user:b"}, history=False)], 0)
    assert not stores.load().history
    assert stores.rows("FROM touched ORDER BY person") == [(0, True), (1, False)]


class Cut(Exception):
    """The process ended here."""


@pytest.mark.parametrize(
    ("owner", "step"),
    [
        (EventLog, "append"),
        (EventLog, "_settle"),
        (loader, "apply"),
        (inbox, "done"),
        (loader, "tidy"),
        (loader, "catch_up"),
    ],
)
@pytest.mark.parametrize("before", [True, False])
def test_a_load_cut_at_any_step_goes_on_as_if_nothing_had_been(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: object, step: str, before: bool
) -> None:
    whole = getattr(owner, step)

    def cut(*args: object, **named: object) -> None:
        if not before:
            whole(*args, **named)
        raise Cut

    with opened(tmp_path) as stores:
        inbox.put(stores.ops, [parcel("one", {}, {"key": "user:b"})], 0)
        stores.load()
        inbox.put(stores.ops, [parcel("two", {}, {"id": "again"}), parcel("three", {"id": "again"})], 0)
        monkeypatch.setattr(owner, step, cut)
        with pytest.raises(Cut):
            stores.load()
        monkeypatch.undo()
    with opened(tmp_path) as stores:
        stores.load()
        assert stores.rows("SELECT count(*), count(DISTINCT id), max(seq) FROM event") == [(4, 4, 3)]
        assert (stores.log.end(), stores.log.count(), inbox.count(stores.ops)) == (4, 4, 0)
        assert rebuild(stores.log, stores.warehouse).differing == ()


def test_a_lost_working_copy_is_built_again_from_the_log(tmp_path: Path) -> None:
    with opened(tmp_path) as stores:
        inbox.put(stores.ops, [parcel("one", {}, {"key": "user:b", "name": "Page Viewed"})], 0)
        stores.load()
        was = stores.rows("SELECT * EXCLUDE id FROM event ORDER BY seq")
    (tmp_path / "work.duckdb").unlink()
    with opened(tmp_path) as stores:
        assert stores.load().events == 0
        assert stores.rows("SELECT * EXCLUDE id FROM event ORDER BY seq") == was
        assert len(stores.rows("FROM touched")) == 2


def test_a_working_copy_of_another_log_is_set_aside_and_told(tmp_path: Path) -> None:
    with opened(tmp_path) as stores:
        inbox.put(stores.ops, [parcel("one", {})], 0)
        stores.load()
        other = EventLog(tmp_path / "other")
        assert catch_up(other, stores.warehouse) == 0
        assert "another state" in stores.warehouse.notices[0].text
        assert stores.rows("FROM event") == []
    assert (tmp_path / "work.duckdb.corrupt-1").exists()


def test_an_older_operational_database_learns_the_ids_and_loses_nothing(tmp_path: Path) -> None:
    with opened(tmp_path) as stores:
        inbox.put(stores.ops, [parcel("one", {"key": "user:a"})], 0)
        stores.load()
    backup = (tmp_path / "ops.sqlite").read_bytes()
    with opened(tmp_path) as stores:
        for n in range(3):
            inbox.put(stores.ops, [parcel(f"later{n}", {"key": f"user:{n}", "account": f"account:{n}"})], 0)
        stores.load()
    (tmp_path / "ops.sqlite").write_bytes(backup)
    with opened(tmp_path) as stores:
        inbox.put(stores.ops, [parcel("new", {"key": "user:new"}), parcel("later1", {"key": "user:1"})], 0)
        loaded = stores.load()
        assert (loaded.events, loaded.duplicates) == (1, 1)
        keys = stores.rows("SELECT person, key FROM person ORDER BY person")
        assert keys == list(enumerate(["user:a", "user:0", "user:1", "user:2", "user:new"]))
        assert stores.log.offset(stores.ops.name) == inbox.issued(stores.ops)


def test_a_lost_operational_database_starts_its_own_offsets(tmp_path: Path) -> None:
    with opened(tmp_path) as stores:
        inbox.put(stores.ops, [parcel("one", {}), parcel("two", {"key": "user:b"})], 0)
        stores.load()
    (tmp_path / "ops.sqlite").unlink()
    with opened(tmp_path) as stores:
        inbox.put(stores.ops, [parcel("three", {"key": "user:c"}, {"key": "user:b"})], 0)
        assert stores.load().persons.tolist() == [1, 2]
        assert stores.rows("SELECT count(*) FROM event") == [(4,)]


def test_recovering_twice_changes_nothing(stores: Stores) -> None:
    inbox.put(stores.ops, [parcel("one", {})], 0)
    stores.load()
    recover(stores.ops, stores.log, stores.warehouse)
    recover(stores.ops, stores.log, stores.warehouse)
    assert (stores.log.end(), stores.log.version()) == (1, 1)


def test_progress_tells_events_done_and_in_all(stores: Stores) -> None:
    inbox.put(stores.ops, [parcel("one", {}, {}), parcel("two", {})], 0)
    told: list[tuple[int, int]] = []
    load(stores.ops, stores.log, stores.warehouse, progress=lambda done, total: told.append((done, total)))
    assert told == [(3, 3)]


def test_a_rebuild_is_proved_equal_and_takes_the_place(tmp_path: Path) -> None:
    with opened(tmp_path) as stores:
        inbox.put(
            stores.ops, [parcel("one", {}, {"key": "user:b"}, {"name": "$identify", "props": '{"a": 1}'})], 0
        )
        stores.load()
        done = rebuild(stores.log, stores.warehouse)
        assert (done.events, done.compared, done.differing, done.kept) == (3, True, (), None)
        assert stores.rows("SELECT count(*) FROM event_base") == [(3,)]
        inbox.put(stores.ops, [parcel("two", {})], 0)
        assert stores.load().events == 1
    assert sorted(path.name for path in tmp_path.glob("work*")) == ["work.duckdb"]


def test_a_rebuild_finds_what_had_been_changed_and_keeps_the_old_copy(tmp_path: Path) -> None:
    with opened(tmp_path) as stores:
        inbox.put(stores.ops, [parcel("one", {}, {"key": "user:b"})], 0)
        stores.load()
        with stores.warehouse.write() as writer:
            writer.run("UPDATE event_tail SET revenue = revenue + 1 WHERE seq = 1")
        done = rebuild(stores.log, stores.warehouse)
        assert (done.compared, done.differing, done.kept) == (True, ("event",), "work.duckdb.corrupt-1")
        assert stores.rows("SELECT DISTINCT revenue FROM event") == [(1234,)]
        assert (tmp_path / "work.duckdb.corrupt-1").exists()


def test_a_waiting_parcel_survives_closing(tmp_path: Path) -> None:
    ops = Ops.open(tmp_path / "ops.sqlite")
    inbox.put(ops, [parcel("one", {})], 0)
    ops.close()
    with opened(tmp_path) as stores:
        assert stores.load().events == 1


def test_what_comes_again_with_other_contents_is_counted_and_what_came_first_stays(stores: Stores) -> None:
    first: list[dict[str, object]] = [{"id": "a"}, {"id": "b"}, {"id": "c"}, {"id": "d"}]
    first.append({"id": "e", "name": "$identify"})
    inbox.put(stores.ops, [parcel("one", *first)], 0)
    assert stores.load().differing == 0
    again: list[dict[str, object]] = [
        {"id": "a"},
        {"id": "b", "revenue": None},
        {"id": "c", "ts": DAY},
        {"id": "d", "props": "{}"},
        {"id": "e", "name": "$identify", "ts": DAY},
    ]
    inbox.put(stores.ops, [parcel("two", *again)], 0)
    loaded = stores.load()
    assert (loaded.events, loaded.duplicates, loaded.differing) == (0, 5, 3)
    assert stores.rows("SELECT DISTINCT revenue, epoch_us(ts), props FROM event") == [
        (1234, 0, '{"revenue": 12.34}')
    ]


def test_a_log_that_is_gone_is_refused_and_nothing_is_changed(tmp_path: Path) -> None:
    with opened(tmp_path) as stores:
        inbox.put(stores.ops, [parcel("one", {}, {"key": "user:b"})], 0)
        stores.load()
    (tmp_path / "log").rename(tmp_path / "kept")
    with opened(tmp_path) as stores:
        inbox.put(stores.ops, [parcel("two", {"key": "user:c"})], 0)
        with pytest.raises(LogLost, match=r"2 events were taken in, this log has 0.*Put the last copy"):
            stores.load()
        assert stores.rows("SELECT count(*) FROM event") == [(2,)]
        assert (stores.log.end(), inbox.count(stores.ops)) == (0, 1)
    rmtree(tmp_path / "log")
    (tmp_path / "kept").rename(tmp_path / "log")
    with opened(tmp_path) as stores:
        assert stores.load().events == 1
        assert stores.rows("SELECT count(*) FROM event") == [(3,)]
        assert stores.warehouse.notices == []


@pytest.mark.parametrize("gone", ["ops.sqlite", "work.duckdb", ""])
def test_a_log_that_lost_its_last_events_is_refused_whoever_knows_of_them(gone: str, tmp_path: Path) -> None:
    with opened(tmp_path) as stores:
        for n in range(2):
            inbox.put(stores.ops, [parcel(f"number {n}", {})], 0)
            stores.load()
    max((tmp_path / "log" / "_delta_log").glob("*.json")).unlink()
    for file in tmp_path.glob(f"{gone}*" if gone else "none"):
        file.unlink()
    with opened(tmp_path) as stores:
        with pytest.raises(LogLost, match="2 events were taken in, this log has 1"):
            stores.load()
        assert stores.rows("SELECT count(*) FROM event") == [(0 if gone == "work.duckdb" else 2,)]


def test_without_both_that_knew_more_a_log_is_taken_as_it_is(tmp_path: Path) -> None:
    with opened(tmp_path) as stores:
        for n in range(2):
            inbox.put(stores.ops, [parcel(f"number {n}", {})], 0)
            stores.load()
    max((tmp_path / "log" / "_delta_log").glob("*.json")).unlink()
    for file in [*tmp_path.glob("ops.sqlite*"), *tmp_path.glob("work.duckdb*")]:
        file.unlink()
    with opened(tmp_path) as stores:
        stores.load()
        assert stores.rows("SELECT count(*) FROM event") == [(1,)]


def test_a_working_copy_of_another_shop_is_made_again_from_this_ones_log(tmp_path: Path) -> None:
    for name, n in (("one", 1), ("other", 3)):
        (tmp_path / name).mkdir()
        with opened(tmp_path / name) as stores:
            inbox.put(stores.ops, [parcel(name, *[{}] * n)], 0)
            stores.load()
    (tmp_path / "other" / "work.duckdb").replace(tmp_path / "one" / "work.duckdb")
    with opened(tmp_path / "one") as stores:
        stores.load()
        assert stores.rows("SELECT count(*) FROM event") == [(1,)]


def test_a_log_gone_with_the_operational_database_does_not_empty_the_working_copy(tmp_path: Path) -> None:
    with opened(tmp_path) as stores:
        inbox.put(stores.ops, [parcel("one", {})], 0)
        stores.load()
    rmtree(tmp_path / "log")
    (tmp_path / "ops.sqlite").unlink()
    with opened(tmp_path) as stores:
        with pytest.raises(LogLost, match="1 events were taken in, this log has 0"):
            stores.load()
        assert stores.rows("SELECT count(*) FROM event") == [(1,)]
