from __future__ import annotations

import os
from pathlib import Path

import pytest

from habitue.ingest import doctor, inbox
from habitue.ingest.doctor import Finding, Patient, examine
from habitue.store.lock import Lock
from habitue.store.log import EventLog
from habitue.store.ops import Ops
from habitue.store.warehouse import Warehouse
from tests.ingest.stores import opened, parcel


def findings(place: Path, live: tuple[int, ...] = ()) -> list[Finding]:
    held: list[Ops | Warehouse] = []

    def ops() -> Ops:
        held.append(Ops.open(place / "ops.sqlite"))
        return held[-1]  # type: ignore[return-value]

    def warehouse() -> Warehouse:
        held.append(Warehouse.open(place / "work.duckdb", log=place / "log"))
        return held[-1]  # type: ignore[return-value]

    found = examine(Patient(place, ops, lambda: EventLog(place / "log"), warehouse, live))
    for store in held:
        store.close()
    return found


def wrong(found: list[Finding]) -> list[str]:
    for finding in found:
        finding.what.format(**finding.fields)
        finding.mend.format(**finding.fields)
        assert bool(finding.mend) is (finding.state != "ok")
    return [
        f"{finding.state}: {finding.what.format(**finding.fields)}"
        for finding in found
        if finding.state != "ok"
    ]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(doctor, "LEAST_FREE", 0)
    with opened(tmp_path) as stores:
        inbox.put(stores.ops, [parcel("one", {}, {"key": "user:b"})], 0)
        stores.load()
        with stores.warehouse.write() as writer:
            writer.run("DELETE FROM touched")
            writer.note({"told:1": "0"})
    return tmp_path


def test_all_is_well(place: Path) -> None:
    found = findings(place, (1,))
    assert [finding.what for finding in found if "disk" not in finding.what and finding.state != "ok"] == []
    assert len(found) == 11


def test_events_that_wait_are_told(place: Path) -> None:
    with opened(place) as stores:
        inbox.put(stores.ops, [parcel("two", {})], 0)
    assert wrong(findings(place)) == ["warn: Events that wait in the inbox, all intact: 1."]


def test_a_damaged_inbox_is_told(place: Path) -> None:
    with opened(place) as stores:
        inbox.put(stores.ops, [parcel("two", {})], 0)
        with stores.ops.begin() as tx:
            tx.exec_driver_sql("UPDATE inbox SET crc = 1")
    assert "is damaged on disk" in wrong(findings(place))[0]


def test_a_damaged_operational_database_is_told(place: Path) -> None:
    with (place / "ops.sqlite").open("r+b") as file:
        file.seek(5000)
        file.write(os.urandom(30_000))
    assert wrong(findings(place))[0].startswith("bad: The operational database")


def test_a_missing_file_of_the_log_is_told(place: Path) -> None:
    EventLog(place / "log").files()[0][0].unlink()
    assert wrong(findings(place))[0].startswith("bad: The event log misses a file")


def test_a_damaged_working_copy_is_told_and_set_aside(place: Path) -> None:
    (place / "work.duckdb").write_bytes(b"x" * 5000)
    told = wrong(findings(place))
    assert "set aside as work.duckdb.corrupt-1" in told[0]
    assert told[1] == "warn: The working copy has 0 of 2 events."


def test_a_working_copy_that_lost_rows_is_told(place: Path) -> None:
    with opened(place) as stores, stores.warehouse.write() as writer:
        writer.run("DELETE FROM event_tail WHERE seq = 1")
    assert wrong(findings(place)) == ["bad: Events in the working copy: 1; in the log: 2."]


def test_what_is_not_folded_is_told(place: Path) -> None:
    assert wrong(findings(place, (1, 2))) == [
        "warn: Still to be folded: 1 of the live definitions, 0 of the customers."
    ]


def test_who_has_the_directory_open_is_told(place: Path) -> None:
    with Lock.take(place):
        said = [one.what.format(**one.fields) for one in findings(place)]
    assert f"The directory is open in process {os.getpid()}." in said


def test_a_full_disk_is_told(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "LEAST_FREE", 1 << 60)
    assert any("almost full" in what for what in wrong(findings(place)))


def test_a_log_that_is_gone_is_told(place: Path) -> None:
    (place / "log").rename(place / "away")
    [said] = wrong(findings(place))
    assert said.startswith("bad: The event log in")
    assert "2 events were taken in, this log has 0" in said


def test_a_log_without_its_last_commit_is_told_even_where_the_working_copy_is_gone_too(place: Path) -> None:
    max((place / "log" / "_delta_log").glob("*.json")).unlink()
    (place / "work.duckdb").unlink()
    assert ["2 events were taken in, this log has 0" in said for said in wrong(findings(place))] == [True]


def test_an_address_without_a_named_proxy_is_told() -> None:
    found = doctor.unproxied({"url": "https://shop.example"})
    assert wrong(found)[0].startswith("warn: People reach this at https://shop.example")
    for settings in ({}, {"url": "https://shop.example", "proxies": []}, {"proxies": "::1"}):
        assert not doctor.unproxied(settings)
