from __future__ import annotations

import json
import re
import shutil
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from msgspec import to_builtins

from habitue.app import Shop
from habitue.ingest.erasing import Gone, Plan
from habitue.ingest.inbox import packed
from habitue.ingest.returned import Returned
from habitue.kernel import clock
from habitue.kernel.clock import DAY, YEAR, instant
from habitue.kernel.errors import UserError
from habitue.store import erasures, held, pairs
from habitue.store.tables import audit
from tests import mould
from tests.ingest.stores import parcel

START = instant("2026-01-01")
NOW = START + 300 * DAY
ORDERS = """customer,date,order id,amount
ada,2026-01-05,o-1,10
bob,2026-01-06,o-2,20
ada,2026-12-30,o-3,30
"""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with mould.shop(bare, tmp_path / "shop") as made:
        yield made


def bare(place: Path, _: str | None) -> Shop:
    return Shop.create(place, now=START)


def take(shop: Shop, *events: dict[str, Any], history: bool = True) -> None:
    shop.put([parcel(f"load{shop.log.version()}", *events, history=history)], NOW)
    shop.refresh(NOW)


def test_an_old_file_does_not_bring_back_who_was_erased_and_what_comes_live_is_a_new_customer(
    shop: Shop, tmp_path: Path
) -> None:
    file, people = tmp_path / "orders.csv", tmp_path / "people.csv"
    file.write_text(ORDERS.replace("2026-12-30", "2026-02-01"))
    people.write_text("customer,email\nada,ada@b.fr\nbob,bob@b.fr\n")
    for one in (file, people):
        shop.import_file(one, now=NOW)
    shop.erase(["ada"], "eva", now=NOW)
    for one in (file, people):
        again = shop.import_file(one, now=NOW + DAY)
        assert any("erased since" in line for line in again.lines), again.lines
    with pytest.raises(UserError, match="no customer"):
        shop.customer("ada")
    assert shop.customer("bob").profile.orders == 1
    file.write_text(ORDERS)
    shop.import_file(file, now=NOW + YEAR)
    assert shop.customer("ada").profile.orders == 1  # the one from after
    take(shop, {"key": "user:ada", "name": "Page Viewed", "ts": START, "revenue": None}, history=False)
    assert shop.customer("ada").profile.birth == START


def test_an_address_that_was_only_a_trait_does_not_come_back_as_a_key(shop: Shop) -> None:
    traits = {
        "name": "$identify",
        "revenue": None,
        "props": '{"email": "Ada@B.fr", "phone": "06 12 34 56 78"}',
    }
    shared = {"name": "$identify", "revenue": None, "props": '{"email": "office@b.fr"}'}
    take(
        shop,
        {"key": "user:ada"} | traits,
        {"key": "user:ada"} | shared,
        {"key": "email:office@b.fr"},
        {"key": "user:bob"},
    )
    shop.erase(["ada"], now=NOW)
    take(
        shop, {"key": "email:ada@b.fr"}, {"key": "phone:+33612345678"}, {"key": "email:office@b.fr", "ts": 1}
    )
    keys = shop.warehouse.read("SELECT key FROM person ORDER BY 1")["key"].to_pylist()
    assert [key[:14] for key in keys] == ["email:office@b", keys[1][:14], "user:bob"]
    assert keys[1].startswith("erased:")
    assert shop.customer("office@b.fr").profile.orders == 2


def test_whom_a_shared_key_kept_apart_stays_apart_when_one_of_them_is_erased(shop: Shop) -> None:
    take(
        shop,
        {"key": "user:ada", "also": ["anon:kiosk"]},
        {"key": "user:bob", "also": ["anon:kiosk"]},
        {"key": "anon:kiosk", "name": "Page Viewed", "revenue": None},
    )
    done = shop.erase(["ada"], now=NOW)
    assert done.shared == ["anon:kiosk"]
    assert shop.person("anon:kiosk") != shop.person("bob")
    assert shop.rebuild(NOW).differing == ()
    assert shop.person("anon:kiosk") != shop.person("bob")


def test_an_account_keeps_its_name_as_long_as_somebody_is_in_it(shop: Shop) -> None:
    take(
        shop,
        {"key": "user:ada", "account": "account:acme"},
        {"key": "user:bob", "account": "account:acme"},
        {"key": "user:ada", "account": "account:ada-ltd"},
    )
    shop.erase(["ada"], now=NOW)
    keys = shop.warehouse.read("SELECT key FROM account ORDER BY 1")["key"].to_pylist()
    assert keys[0] == "account:acme"
    assert keys[1].startswith("erased:")
    assert shop.rebuild(NOW).differing == ()


def test_one_unknown_name_erases_nobody_and_who_is_gone_can_not_go_again(shop: Shop) -> None:
    take(shop, {"key": "user:ada"})
    with pytest.raises(UserError, match="no customer “eve”"):
        shop.erase(["ada", "eve"], now=NOW)
    assert shop.erasures() == []
    number = shop.person("ada")
    shop.erase(["ada", "ada"], now=NOW)
    with pytest.raises(UserError, match="erased already"):
        shop.erase([number], now=NOW)
    assert [one.people for one in shop.erasures()] == [1]


def test_the_audit_says_who_asked_and_how_many_never_whom(shop: Shop) -> None:
    take(shop, {"key": "user:ada"}, {"key": "user:bob"})
    with shop.ops.begin() as tx:
        tx.execute(
            audit.insert().values(at=1, by="eva", act="look", about="user:ada", detail={"key": "user:ada"})
        )
    shop.erase(["ada", "bob"], "eva", now=NOW)
    with shop.ops.read() as tx:
        rows = [dict(row._mapping) for row in tx.execute(audit.select().order_by(audit.c.id))][1:]
    assert [(row["by"], row["act"], row["about"]) for row in rows] == [
        ("eva", "look", "erasure:1"),
        ("eva", "erase", "erasure:1"),
    ]
    assert rows[1]["detail"] == {"people": 2, "reason": "asked", "asked": NOW}
    assert not re.search(r"\bada\b", json.dumps(rows))


def test_who_comes_back_with_an_older_copy_is_erased_again_from_the_list(shop: Shop, tmp_path: Path) -> None:
    take(shop, {"key": "user:ada"}, {"key": "user:bob"})
    place = shop.directory
    shop.close()
    shutil.copytree(place, tmp_path / "backup")
    with Shop.open(place) as live:
        live.erase(["ada"], now=NOW)
        listed = live.erased_list()
        assert live.replay_erasures(now=NOW) is None
    with Shop.open(tmp_path / "backup") as old:
        assert old.customer("ada").profile.key == "user:ada"
        assert old.replay_erasures(now=NOW) is None
        done = old.replay_erasures("eva", listed=listed, now=NOW)
        assert done is not None
        assert done.people == 1
        with pytest.raises(UserError):
            old.customer("ada")
        assert old.customer("bob").profile.key == "user:bob"
        with pytest.raises(UserError, match="no line of a list"):
            old.replay_erasures(listed="user:bob")


def test_all_that_is_kept_is_handed_out_once_for_programs_and_once_for_people(
    shop: Shop, tmp_path: Path
) -> None:
    said = '{"name": "Ada <script>", "language": "fr", "city": "Paris"}'
    take(
        shop,
        {"key": "user:ada", "also": ["anon:1"], "ts": START, "account": "account:acme"},
        {"key": "user:ada", "name": "$identify", "revenue": None, "props": said, "ts": START},
        {"key": "email:a@b.fr", "ts": START + DAY},
        {"key": "email:a@b.fr", "name": "$consent", "revenue": None, "props": '{"email": true}', "ts": START},
        {"key": "user:bob", "props": '{"note": "of bob"}'},
    )
    shop.merge("ada", "a@b.fr", "eva", "she called", NOW)
    both = [shop.person(key) for key in ("ada", "bob")]
    pairs.propose(shop.ops, [(min(both), max(both), 0.75, {"name": "spelling"})], NOW)
    files = shop.export("a@b.fr", tmp_path / "out")
    told = json.loads(files[0].read_text())
    assert told["keys"] == ["user:ada", "email:a@b.fr", "anon:1"]
    assert [one["name"] for one in told["events"]] == [
        "Order Completed",
        "$identify",
        "$consent",
        "Order Completed",
        "$merge",
    ]
    assert {(one["name"], one["value"]) for one in told["traits"]} >= {("trait.city", "Paris")}
    assert [(one["by"], one["why"]) for one in told["merges"]] == [("eva", "she called")]
    assert told["stages"]["transactional"][0]["since"] == "2026-01-01T00:00:00Z"
    assert [one["status"] for one in told["consents"]] == ["granted"]
    assert [(one["likely"], one["outcome"]) for one in told["duplicates"]] == [(0.75, None)]
    assert "bob" not in files[0].read_text()
    page = files[1].read_text()
    assert '<html lang="fr">' in page
    assert "1er janv. 2026" in page
    assert "Ada &lt;script&gt;" in page
    assert "<script" not in page
    assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600, 0o600]
    with pytest.raises(UserError, match="there already"):
        shop.export("ada", tmp_path / "out")
    (packed,) = shop.export("ada", tmp_path / "new" / "ada.ZIP")
    with ZipFile(packed) as archive:
        assert archive.namelist() == ["customer.json", "customer.html"]


def test_the_rules_erase_nobody_by_themselves_unless_they_may(shop: Shop) -> None:
    take(
        shop,
        {"key": "user:old", "name": "Page Viewed", "revenue": None, "ts": START - 4 * YEAR},
        {"key": "user:old", "name": "Email Opened", "revenue": None, "ts": START},
        {"key": "user:new", "name": "Page Viewed", "revenue": None, "ts": START},
        {"key": "user:buyer", "ts": START - 9 * YEAR},
    )
    assert [one.key for one in shop.silent(NOW)] == ["user:old"]
    shop.keep_for(customers="5y")
    assert [one.key for one in shop.silent(NOW)] == ["user:old", "user:buyer"]
    shop.keep_for(customers="never")
    shop.attend(NOW)
    assert shop.customer("old").profile.key == "user:old"
    shop.keep_for(alone=True)
    shop.attend(NOW)
    assert [(one.by, one.reason, one.people) for one in shop.erasures()] == [("habitue", "retention", 1)]
    shop.keep_for(prospects="100d")
    shop.attend(NOW + DAY - 1)
    assert shop.customer("new").profile.key == "user:new"
    shop.attend(NOW + DAY)
    assert len(shop.erasures()) == 2
    with pytest.raises(UserError, match="not a duration"):
        shop.keep_for(prospects="soon")


def test_what_is_asked_and_not_done_is_told_and_finished_with_the_next_opening(shop: Shop) -> None:
    take(shop, {"key": "user:ada"}, {"key": "user:bob"})
    person = shop.person("ada")
    plan = Plan("00" * 32, [Gone(person, person, "user:ada")])
    erasures.ask(shop.ops, "eva", "asked", 1, to_builtins(plan), NOW)
    told = [one.fields for one in shop.doctor() if "Erasures" in one.what]
    assert told == [{"n": 1, "people": 1}]
    place = shop.directory
    shop.close()
    with Shop.open(place) as again:
        assert any("Erasures left over" in notice.text for notice in again.notices)
        assert not any("Erasures" in one.what for one in again.doctor())
        with pytest.raises(UserError):
            again.customer("ada")
        assert [one.by for one in again.erasures()] == ["eva"]
    with Shop.open(place) as once_more:
        assert not any("Erasures" in notice.text for notice in once_more.notices)


def test_a_file_that_is_half_read_forgets_them_too(shop: Shop) -> None:
    take(shop, {"key": "user:ada"}, {"key": "user:bob"})
    chunk = parcel("file", {"key": "user:ada", "id": "x"}, {"key": "user:bob", "id": "y"}).table
    held.hold(shop.ops, "job", 0, "import:file", 2, packed(chunk))
    shop.erase(["ada"], now=NOW)
    held.release(shop.ops, "job", None, NOW)
    shop.refresh(NOW)
    assert shop.customer("bob").profile.orders == 2
    with pytest.raises(UserError):
        shop.customer("ada")


PEOPLE = """name,phone,email,order id,date,amount
Érasme Tourneboule,06 12 34 56 78,erasme@exemple.fr,o-1,2026-01-05,10
Bob Martin,06 98 76 54 32,bob@exemple.fr,o-2,2026-01-06,25
Érasme Tourneboule,06 12 34 56 78,erasme@exemple.fr,o-3,2026-01-05,ten
Carl Durand,06 11 22 33 44,carl@exemple.fr,o-4,2026-01-05,ten
"""
THEIRS = ("rasme", "612345678", "12 34 56 78", "tourneboule")


def anywhere(folder: Path) -> list[str]:
    """The files in which something of theirs stands."""
    held_by = {path: path.read_bytes().lower() for path in folder.rglob("*") if path.is_file()}
    return [path.name for path, held in held_by.items() if any(one.encode() in held for one in THEIRS)]


def test_an_old_file_leaves_no_word_of_who_was_erased_on_the_disk_and_tells_what_was_stored(
    shop: Shop, tmp_path: Path
) -> None:
    files = {"orders": tmp_path / "orders.csv", "customers": tmp_path / "customers.csv"}
    files["orders"].write_text(PEOPLE)
    rows = [line.split(",") for line in PEOPLE.splitlines()[:3]]
    files["customers"].write_text("".join(",".join(row[:3]) + "\n" for row in rows))
    for kind, file in files.items():
        shop.import_file(file, kind=kind, now=NOW)
    assert anywhere(shop.directory)
    shop.erase(["erasme@exemple.fr"], now=NOW)
    assert not anywhere(shop.directory)
    seen = [shop.import_file(file, kind=kind, now=NOW + DAY) for kind, file in files.items()]
    assert not anywhere(shop.directory)
    orders = seen[0]
    assert (orders.rows, orders.rejected, orders.known) == (4, 2, 2)
    assert (orders.stored, orders.stored_revenue) == (0, 0)
    assert any("€35.00" in line and "newly stored: €0.00" in line for line in orders.lines), orders.lines
    assert orders.rejects
    assert "carl@exemple.fr" in Path(orders.rejects).read_text("utf-8")
    assert [job.report["stored"] for job in shop.imports()[:2]] == [0, 0]


def test_what_was_read_before_an_erasure_and_comes_in_after_leaves_no_word_either(shop: Shop) -> None:
    take(shop, {"key": "email:erasme@exemple.fr"})
    shop.erase(["erasme@exemple.fr"], now=NOW)
    old = parcel("old", {"key": "email:erasme@exemple.fr", "props": '{"name": "Tourneboule"}'})
    shop.put([replace(old, key="one"), replace(old, key="two")], NOW)
    assert shop.refresh(NOW).returned == 2
    assert not anywhere(shop.directory)


def test_the_kept_report_of_an_import_has_nothing_of_the_cells(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text(PEOPLE)
    assert "erasme@exemple.fr" in " ".join(shop.import_file(file, now=NOW).chosen)
    (job,) = shop.imports()
    assert (job.report["rows"], job.report["stored"], job.report["rejected"]) == (4, 4, 2)
    assert "exemple" not in str(job.report)
    assert "ten" not in str(job.report)


def test_a_row_is_known_by_any_key_in_it(shop: Shop) -> None:
    take(shop, {"key": "user:c-1", "also": ["email:ada@b.fr", "phone:+33612345678"]})
    shop.erase(["c-1"], now=NOW)
    named = Returned(shop.ops, "FR").named
    assert named(["customer id", "x"], ["C-1", ""])
    assert not named(["quantity", "x"], ["c-1", ""])  # so short it may be anything
    assert named(["x"], ["Ada <ada@b.fr>"])
    assert named(["x"], ['{"phone": "06 12 34 56 78", "at": '])
    assert not named(["phone", "email"], ["06 12 34 56 79", "bob@b.fr"])


def test_what_is_handed_out_tells_what_has_happened_and_beside_it_what_is_expected(
    shop: Shop, tmp_path: Path
) -> None:
    now = clock.now()
    take(shop, {"key": "user:ada", "ts": now - 5 * DAY, "name": "Order Completed"})
    shop.save_segment("recent", "count('Order Completed', within='30d') > 0")
    shop.refresh(now)
    files = shop.export("ada", tmp_path / "out", "en")
    told = json.loads(files[0].read_text())
    (stay,) = told["stages"]["transactional"]
    assert (stay["since"], stay["until"]) == (clock.iso(now - 5 * DAY), None)
    assert stay["expected"] > told["made"]
    assert stay["then"]
    (inside,) = told["segments"]["recent"]
    assert (inside["until"], inside["expected"], inside["then"]) == (None, clock.iso(now + 25 * DAY), None)
    assert "Expected end" in files[1].read_text()


def test_the_page_speaks_in_words_and_in_the_language_of_their_last_call(shop: Shop, tmp_path: Path) -> None:
    take(
        shop,
        {"key": "user:ada", "props": '{"context": {"locale": "en-GB"}}', "ts": START},
        {"key": "user:ada", "props": '{"context": {"locale": "fr-FR"}}', "ts": START + DAY},
        {"key": "user:ada", "name": "$identify", "props": '{"city": "Paris"}', "ts": START, "revenue": None},
    )
    shop.save_segment("buyers", "count('Order Completed') > 0")
    page = shop.export("ada", tmp_path / "out", "en")[1].read_text()
    assert '<html lang="fr">' in page
    assert "<td>Commande passée</td>" in page
    assert "<td>Ville</td>" in page
    assert "$identify" not in page
    assert "<td>in</td>" not in page
    take(shop, {"key": "user:ada", "name": "$identify", "props": '{"language": "en"}', "revenue": None})
    assert '<html lang="en">' in shop.export("ada", tmp_path / "en")[1].read_text()
