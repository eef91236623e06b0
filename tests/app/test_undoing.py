"""An import that is undone: what goes, what stays, who leaves a journey, and what a crash leaves of it."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from habitue.app import Shop
from habitue.ingest import loader
from habitue.ingest.retract import Fallen
from habitue.journeys.reading import read
from habitue.kernel.clock import DAY, instant
from habitue.kernel.errors import UserError
from habitue.store import jobs, runs
from habitue.store.tables import import_job
from habitue.store.warehouse import Warehouse
from tests.ingest.stores import parcel
from tests.inside import BEARER
from tests.store.test_log import written
from tests.web.conftest import served

T: Final = instant("2026-11-02T10:00Z")
OLD: Final = "2026-08-05"
"""Ninety days and a bit before: who ordered then, and not since, is silent soon."""
ORDERS: Final = f"customer,date,order_id,amount\nc1,{OLD},o1,10\nc2,{OLD},o2,20\nc3,{OLD},o3,7\n"
PEOPLE: Final = (
    "customer,email,city,newsletter\nc1,c1@x.fr,Lyon,yes\nc8,c8@x.fr,Nice,yes\nc9,c9@x.fr,Nice,no\n"
)
SILENT: Final = {
    "id": "silent",
    "name": "Silent",
    "entry": {"is": "enters", "rule": 'days_since_last("Order Completed") > 90'},
    "steps": [{"id": "pause", "is": "wait", "length": "30d"}],
}


def filed(shop: Shop, name: str, text: str, now: int = T) -> int:
    """Import a text as a file; the number of the import."""
    path = shop.directory.parent / name
    path.write_text(text)
    shop.import_file(path, now=now)
    return shop.imports()[0].id


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Orders by a live call of c1 and c2, two imports, and a journey for who falls silent."""
    place = tmp_path_factory.mktemp("undoing") / "shop"
    with Shop.create(place, now=T - 200 * DAY) as shop:
        live = [{"key": f"user:c{n}", "ts": T - at * DAY} for n, at in ((1, 89), (2, 150))]
        shop.put([parcel("live", *live, history=False)], T)
        filed(shop, "orders.csv", ORDERS)
        filed(shop, "people.csv", PEOPLE)
        shop.publish_journey(read(SILENT)[0], "ada", T)
        shop.refresh(T + 3 * DAY)
        shop.advance(T + 3 * DAY)
    return place


@pytest.fixture
def shop(begun: Path, tmp_path: Path) -> Iterator[Shop]:
    shutil.copytree(begun, tmp_path / "shop")
    with Shop.open(tmp_path / "shop") as made:
        yield made


def figures(shop: Shop) -> list[Any]:
    """What is known, and what pages say of it."""
    events = "SELECT key, name, ts, revenue FROM event JOIN node USING (node) JOIN event_name USING (code)"
    traits = "SELECT key, name, value FROM trait JOIN node USING (node)"
    told = [sorted(map(repr, shop.warehouse.read(sql).to_pylist())) for sql in (events, traits)]
    return [*told, shop.stages().counts(T + 3 * DAY), shop.stages().counts(T - 60 * DAY)]


def inside(shop: Shop) -> dict[str, str]:
    """How it stands with each who came into the journey."""
    rows = shop.warehouse.read("SELECT person, key FROM person").to_pylist()
    keys = {row["person"]: row["key"] for row in rows}
    return {
        keys.get(person, ""): travel.outcome or "inside" for _, person, travel in shop.runs_of("silent", 10)
    }


def test_what_would_go_is_told_before(shop: Shop) -> None:
    orders, people = (shop.undo(number) for number in (1, 2))
    assert (orders.effect.events, orders.effect.revenue) == (3, 3700)
    assert (orders.effect.alone, orders.effect.staying) == (1, 2)
    assert (orders.effect.traits, orders.later) == ([], [])
    told = people.effect
    assert (told.events, told.alone, told.staying) == (5, 1, 2)  # c9 stays, by the no
    assert (told.agreed, told.refused) == (2, 1)
    assert told.traits[0] == Fallen("city", 0, 2)
    filed(shop, "more.csv", ORDERS + f"c7,{OLD},o7,1\n")
    assert [one.file for one in shop.undo(1).later] == ["more.csv"]


def test_an_import_is_undone_and_done_again(shop: Shop) -> None:
    before = figures(shop)
    assert inside(shop) == {f"user:c{n}": "inside" for n in (1, 2, 3)}
    shop.undo_import(1, "Odile", T + 3 * DAY)
    assert shop.warehouse.read("SELECT count(*) AS n FROM person WHERE key = 'user:c3'")["n"][0].as_py() == 0
    assert shop.customer("c1").profile.orders == 1
    told = shop.record("c1")
    assert ([one["source"] for one in told.orders], len(told.undone)) == (["import:live"], 1)
    assert (told.undone[0]["name"], told.undone[0]["revenue"]) == ("Order Completed", 1000)
    assert told.undone[0] not in told.events
    # c1 fell silent after an order of their own, c2 after one that is gone; of c3 nothing is known.
    assert inside(shop) == {"user:c1": "inside", "user:c2": "undone", "": "undone"}
    assert [(one.act, one.by, one.about) for one in shop.deeds(1)] == [("undo import", "Odile", "orders.csv")]
    assert shop.import_job(1).undone == T + 3 * DAY
    assert shop.rebuild(T + 3 * DAY).differing == ()
    assert [one.what for one in shop.doctor() if one.state == "bad"] == []
    with pytest.raises(UserError, match="undone already"):
        shop.undo_import(1, "Odile")
    filed(shop, "orders.csv", ORDERS)
    shop.refresh(T + 3 * DAY)
    assert figures(shop) == before


def test_who_would_change_stage_is_told_and_then_does(shop: Shop) -> None:
    now = T + 3 * DAY
    told = shop.restaged(1, now)
    assert (told.customers, told.looked) == (3, 3)
    model = shop.model("transactional")
    standing = {one: stage(shop, one, now) for one in ("c1", "c2", "c3")}
    shop.undo_import(1, "Odile", now)
    changed = Counter((was, stage(shop, one, now)) for one, was in standing.items())
    wanted = {pair: n for pair, n in changed.items() if pair[0] != pair[1]}
    names = [*(one.id for one in model.stages), None]
    named = {
        (names[-1 if s.old is None else s.old], names[-1 if s.new is None else s.new]): s.n
        for s in told.shifts
    }
    assert named == wanted != {}


def stage(shop: Shop, name: str, now: int) -> str | None:
    """Where somebody stands; None for who is not known."""
    model = shop.model("transactional")
    sql = """SELECT value FROM intervals JOIN person ON subject = person WHERE version = ? AND key = ?
        AND start <= make_timestamp(?) AND (stop IS NULL OR stop > make_timestamp(?))"""
    found = shop.warehouse.read(sql, (model.version, f"user:{name}", now, now))["value"].to_pylist()
    return model.stages[found[0]].id if found else None


def test_by_the_api_it_goes_on_by_itself_and_says_how_far_it_is(shop: Shop) -> None:
    with contextmanager(served)(shop) as url, httpx.Client(base_url=url, headers=BEARER) as client:
        path = "/api/v1/imports/1/undo"
        assert client.get(path).json()["state"] == "possible"
        answer = client.post(path)
        assert (answer.status_code, answer.json()["state"]) in ((200, "done"), (202, "running"))
        shop.undoer.wait(1)
        assert (client.get(path).json()["state"], client.get(path).json()["events"]) == ("done", 3)
        assert client.post(path).status_code == 400
        page = client.get("/data/imports/2?stages=true", headers={"accept-language": "en"}).text
        assert "Who changes stage" in page


def test_a_consent_falls_and_a_refusal_stays(shop: Shop) -> None:
    shop.undo_import(2, "Odile", T + 3 * DAY)
    said = "SELECT key, value FROM trait JOIN node USING (node) WHERE name = 'consent.email'"
    assert shop.warehouse.read(said).to_pylist() == [{"key": "user:c9", "value": "false"}]
    told = shop.record("c9")
    assert [one["name"] for one in told.events] == ["$consent"]
    assert {one["name"] for one in told.undone} == {"$identify"}
    rest = "SELECT key FROM person ORDER BY key"
    assert shop.warehouse.read(rest)["key"].to_pylist() == [f"user:c{n}" for n in (1, 2, 3, 9)]
    assert filed(shop, "people.csv", PEOPLE) == 3  # where it is known that c9 said no, and all else is new
    assert (shop.imports()[0].report["stored"], shop.imports()[0].report["known"]) == (5, 1)


def test_what_can_not_be_undone_says_why(shop: Shop) -> None:
    with pytest.raises(UserError, match="no import 99"):
        shop.undo(99)
    with shop.ops.begin() as tx:
        tx.execute(import_job.update().where(import_job.c.id == 2).values(mark=None))
    with pytest.raises(UserError, match="earlier version"):
        shop.undo_import(2, "Odile")
    jobs.begin(shop.ops, "f", "cut.csv", "orders", T)
    with pytest.raises(UserError, match="cut short"):
        shop.undo_import(3, "Odile")
    assert shop.log.retracted() == {}


@pytest.mark.parametrize(
    ("owner", "name"),
    [(loader, "remake"), (Warehouse, "replace"), (Shop, "_settle"), (runs, "rest")],
)
def test_cut_anywhere_it_is_finished_by_the_next_opening(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str
) -> None:
    def cut(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, cut)
        with pytest.raises(KeyboardInterrupt):
            shop.undo_import(1, "Odile", T + 3 * DAY)
    assert shop.import_job(1).undone is None
    place = shop.directory
    shop.close()
    with Shop.open(place) as again:
        assert again.import_job(1).undone == T + 3 * DAY
        assert again.customer("c1").profile.orders == 1
        assert "undone" in [travel.outcome for _, _, travel in again.runs_of("silent", 10)]
        assert len([one for one in again.deeds() if one.act == "undo import"]) == 1
        assert again.rebuild(T + 3 * DAY).differing == ()


def test_erasing_reaches_what_counts_no_more(shop: Shop) -> None:
    filed(shop, "pair.csv", f"customer,email,date,order_id,amount\ndorette,dora@x.fr,{OLD},o33,5\n")
    filed(shop, "mail.csv", "email,city\ndora@x.fr,Brest\n")
    for number in (2, 3, 4):
        shop.undo_import(number, "Odile", T + 3 * DAY)
    assert "dora" in written(shop.directory)
    shop.erase(["dorette", "dora@x.fr"], "Odile", now=T + 3 * DAY)
    assert "dora" not in written(shop.directory)
    assert "dorette" not in written(shop.directory)
    assert shop.rebuild(T + 3 * DAY).differing == ()
    with pytest.raises(UserError, match="no customer"):
        shop.erase(["nobody"], "Odile")
