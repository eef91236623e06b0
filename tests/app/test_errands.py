"""Calls and letters: once, not for who said no meanwhile; what came of them has consequences."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from habitue.app import Shop
from habitue.app.errands import CALLS, LETTERS
from habitue.app.senders import Sender, senders
from habitue.broadcasts.shape import Broadcast
from habitue.journeys.reading import read
from habitue.kernel import clock
from habitue.kernel.clock import HOUR
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import translator
from habitue.messaging import outbox
from habitue.messaging.outbox import Wanted
from habitue.messaging.rules import Rules
from habitue.people import consent, postal
from habitue.templates.shape import Template, Text
from tests.ingest.stores import parcel
from tests.inside import BEARER, session
from tests.web.conftest import served

NAMES = ("ada", "bob", "eva", "kim", "lou", "max")
NAMELESS = "noé"
ADDRESS = {"street": "3 rue de l’Œuvre", "postalCode": "69001", "city": "Lyon"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with Shop.create(tmp_path_factory.mktemp("errands") / "shop") as made:
        now = clock.now() - HOUR
        told: list[dict[str, object]] = []
        for n, name in enumerate(NAMES):
            traits: dict[str, Any] = {"name": f"={name.title()}", "phone": f"+3361234567{n}"}
            more = {"address": ADDRESS} if name != "max" else {}
            same = {"key": f"user:{name}", "revenue": None, "ts": now, "name": "$identify"}
            told.append({**same, "id": name, "props": json.dumps(traits | more)})
        bare: dict[str, object] = {
            "key": "phone:+33699999999",
            "revenue": None,
            "ts": now,
            "name": "$identify",
            "id": NAMELESS,
        }
        told.append(bare | {"props": json.dumps({"phone": "+33699999999"})})
        made.put([parcel("people", *told)])
        made.refresh()
        made.consent("phone:+33699999999", CALLS)
        for name in NAMES:
            for channel in (CALLS, LETTERS):
                made.consent(f"user:{name}", channel)
        made.refresh()
        made.set_sending_rules(Rules(caps={}), "test")
        made.set_channel("call", {"tries": "2"}, "test")
        made.set_channel("letter", {"sender": "La Théière\n69002 Lyon", "place": "Lyon"}, "test")
        yield made


def sent(shop: Shop, channel: str, *names: str, origin: str = "api") -> dict[str, int]:
    """Messages to these; which of them went, by name."""
    words = 'Bonjour {{ customer.name | default: "vous" }},\n\n=1+1, à bientôt.'
    text = Text(words, "À propos", form="text")
    slug = f"hello-{channel}"
    template = shop.publish_template(Template(slug, {"fr": text}, channel=channel)).kept.version  # type: ignore[arg-type]
    run, now = f"{clock.now()}", clock.now()
    people = {name: shop.person(name if ":" in name else f"user:{name}") for name in names}
    same: dict[str, Any] = {
        "origin": origin,
        "step": run,
        "run": run,
        "channel": channel,
        "template": template,
        "due": now,
    }
    with shop.ops.begin() as tx:
        outbox.put(tx, [Wanted(person=person, **same) for person in people.values()], now)
    sender = shop.outgoing(1)
    sender.round()
    sender.close()
    found = {one.person: one.message for one in shop.errands(channel)}
    return {name: found[person] for name, person in people.items() if person in found}


def events(shop: Shop, name: str) -> list[str]:
    shop.refresh()
    person = shop.person(f"user:{name}")
    sql = "SELECT name FROM event JOIN event_name USING (code) WHERE person = ? AND name SIMILAR TO ?"
    return [str(row["name"]) for row in shop.warehouse.read(sql, (person, "(Call|Letter) .*")).to_pylist()]


def test_a_call_is_on_the_list_until_something_came_of_it(shop: Shop) -> None:
    found = sent(shop, CALLS, "ada", "bob", "eva")
    assert len(found) == 3
    first = shop.errands(CALLS)[0]
    assert (first.to, first.text.splitlines()[0]) == ("+33612345670", "Bonjour =Ada,")
    shop.settle_call(found["ada"], "reached", "eva")
    for _ in range(2):
        assert found["bob"] in {one.message for one in shop.errands(CALLS)}
        shop.settle_call(found["bob"], "nobody", "eva")
    shop.settle_call(found["eva"], "wrong", "eva")
    assert shop.errands(CALLS) == []
    assert [one.reason for one in shop.suppressed("+33612345672")] == ["bounce"]
    assert (events(shop, "ada"), events(shop, "bob")) == (["Call Made"], ["Call Made"] * 2)
    for number, outcome in ((found["ada"], "reached"), (found["bob"], "reached"), (999_999, "reached")):
        with pytest.raises(UserError, match="already"):
            shop.settle_call(number, outcome, "eva")
    with pytest.raises(UserError, match="outcome"):
        shop.settle_call(found["ada"], "maybe", "eva")


def test_who_wants_no_calls_gets_none(shop: Shop) -> None:
    found = sent(shop, CALLS, "kim", "lou")
    shop.settle_call(found["kim"], "refused", "eva")
    shop.consent("user:lou", CALLS, "withdrawn")
    assert shop.errands(CALLS) == []
    shop.refresh()
    for name in ("kim", "lou"):
        standing = consent.standing(shop.warehouse, shop.person(f"user:{name}"))
        assert {one.channel: one.agreed for one in standing} == {CALLS: False, LETTERS: True}
    assert sent(shop, CALLS, "kim") == {}


def test_letters_are_printed_and_posted_once(shop: Shop) -> None:
    found = sent(shop, LETTERS, "ada", "bob", "max")
    assert sorted(found) == ["ada", "bob"]
    assert shop.customer_messages("user:max")[0].reason == "address"
    made, n, last = shop.letters(translator("fr"))
    assert (made[:5], n, last) == (b"%PDF-", 2, found["bob"])
    assert shop.post_letters(found["ada"], "eva") == 1
    assert [one.message for one in shop.errands(LETTERS)] == [found["bob"]]
    assert (shop.post_letters(last, "eva"), shop.post_letters(last, "eva")) == (1, 0)
    assert (events(shop, "ada")[-1], events(shop, "bob")[-1]) == ("Letter Sent", "Letter Sent")
    with pytest.raises(UserError, match="no letter"):
        shop.letters(translator("en"))


def test_the_page_takes_what_came_of_it_and_a_table_runs_nothing(shop: Shop) -> None:
    number = sent(shop, CALLS, "ada")["ada"]
    sent(shop, LETTERS, "eva")
    serving = served(shop)
    site = next(serving)
    cookies = {f"habitue_{shop.ops.name[:8]}": session(shop)}
    with httpx.Client(base_url=site, cookies=cookies, headers={"origin": site}) as client:
        assert "tel:+33612345670" in client.get("/lists/outgoing").text
        rows = list(csv.DictReader(io.StringIO(client.get("/lists/outgoing.csv?show=letters").text)))
        assert rows[0]["name"] == "'=Eva"
        assert [rows[0][f"address_{n}"] for n in (1, 2, 3)] == ["'=Eva", "3 rue de l’Œuvre", "69001 Lyon"]
        assert client.get("/lists/outgoing/letters.pdf").headers["content-type"] == "application/pdf"
        data = {"message": number, "outcome": "reached", "name": "Ada"}
        assert client.post("/lists/outgoing", data=data).status_code == 303
        assert client.post("/lists/outgoing", data=data).status_code == 400
        posted = {"posted": shop.errands(LETTERS)[-1].message}
        assert (
            client.post("/lists/outgoing", data=posted).headers["location"] == "/lists/outgoing?show=letters"
        )
    assert (shop.errands(CALLS), shop.errands(LETTERS)) == ([], [])
    next(serving, None)


def test_a_list_says_who_sends_and_each_number_once(shop: Shop) -> None:
    now = clock.now()
    steps = [{"id": "rest", "is": "wait", "length": "30d"}]
    journey = {"id": "win-back", "name": "Come back", "entry": {"is": "manual"}, "steps": steps}
    shop.keep_journey(read(journey)[0], "test", now)
    shop.keep_broadcast(Broadcast("news", "Christmas tea", ""), "test", now)
    found = sent(shop, CALLS, "phone:+33699999999", origin="journey:win-back")
    found |= sent(shop, CALLS, "ada", origin="broadcast:news")
    found |= sent(shop, CALLS, "bob", origin="journey:gone")
    assert [one.name for one in shop.errands(CALLS)] == ["", "=Ada", "=Bob"]
    assert senders(shop, (one.origin for one in shop.errands(CALLS))) == {
        "journey:win-back": Sender("Come back", "/journeys/win-back"),
        "broadcast:news": Sender("Christmas tea", "/campaigns/news"),
        "journey:gone": Sender("journey:gone"),
    }
    serving = served(shop)
    site = next(serving)
    with httpx.Client(base_url=site, headers=BEARER | {"accept-language": "fr"}) as client:
        text = client.get("/lists/outgoing").text
    next(serving, None)
    assert '<a href="/journeys/win-back">Come back</a>' in text
    assert text.count(">+33699999999<") == 1
    assert "Client sans nom" in text
    for number in found.values():
        shop.settle_call(number, "reached", "eva")


def test_who_is_erased_is_on_no_list(shop: Shop) -> None:
    before = shop.errand_count(LETTERS)
    sent(shop, LETTERS, "bob")
    shop.erase(["user:bob"], "eva")
    shop.refresh()
    assert shop.errand_count(LETTERS) == before


@pytest.mark.parametrize(
    ("traits", "lines"),
    [
        ({"name": "Ada", "address": ADDRESS}, ("Ada", "3 rue de l’Œuvre", "69001 Lyon")),
        (
            {
                "first_name": "Ada",
                "lastName": "L",
                "street": "1 rue A",
                "zip": 1000,
                "city": "X",
                "country": "be",
            },
            ("Ada L", "1 rue A", "1000 X", "BE"),
        ),
        ({"name": "A\r\nB", "address.street": "1\nBât. 2", "address.city": "X", "postcode": "1"}, None),
        ({"name": "Ada", "address": {**ADDRESS, "city": " "}}, ()),
        ({"address": ADDRESS}, ()),
        ({}, ()),
    ],
)
def test_an_address_is_whole_or_none(traits: dict[str, Any], lines: tuple[str, ...] | None) -> None:
    found = postal.lines(traits)
    assert found == (("A B", "1", "Bât. 2", "1 X") if lines is None else lines)
