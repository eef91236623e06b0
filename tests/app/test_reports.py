"""What providers tell: once, only of our messages, only by who is believed; and what comes of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from habitue.app import Shop
from habitue.app.reports import Early
from habitue.kernel import clock
from habitue.kernel.clock import HOUR, MINUTE, SECOND
from habitue.messaging import outbox
from habitue.messaging.outbox import Wanted
from habitue.messaging.report import Call, Forged, Report
from habitue.people import consent
from habitue.store import suppressed
from habitue.store.tables import message
from tests.web.conftest import served

NAMES = ("ada", "bob", "eva", "kim", "lou", "max")
LEFT = clock.now() - 2 * HOUR
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("reports")
    with Shop.create(folder / "shop") as made:
        file = folder / "people.csv"
        lines = [f"{name},{name}@b.fr,+3361234567{n}" for n, name in enumerate(NAMES)]
        file.write_text("\n".join(["customer,email,phone", *lines]) + "\n")
        made.import_file(file)
        for name in NAMES:
            made.consent(name, at=LEFT - HOUR)
            made.consent(name, "sms", at=LEFT - HOUR)
        made.refresh()
        with (made.directory / "habitue.toml").open("a") as settings:
            settings.write('url = "https://crm.shop.fr/"\n')
        made.set_channel("brevo", {"sender": "Shop <a@b.fr>", "key": "k"}, "test")
        given = {"sender": "+33700000000", "account": "AC1", "token": "token-canary"}
        made.set_channel("twilio", given, "test")
        yield made


def sent(shop: Shop, name: str, run: str, purpose: str = "marketing", state: str = "sent") -> int:
    """A message that left two hours ago; its number."""
    person = shop.person(name)
    one = Wanted(origin="api", run=run, person=person, channel="email", due=LEFT, purpose=purpose)
    with shop.ops.begin() as tx:
        outbox.put(tx, [one], LEFT)
        mine = message.update().where(message.c.run == run).values(left=LEFT, state=state, due=None)
        return int(tx.execute(mine.returning(message.c.id)).scalar_one())


def told(shop: Shop, number: int, event: str, **more: Any) -> int:
    at = (LEFT + 3 * MINUTE) // SECOND
    body = {
        "event": event,
        "message-id": f"<{number}@x>",
        "ts_event": at,
        "X-Mailin-custom": shop.mark(number),
    }
    return heard(shop, body | more)


def heard(shop: Shop, body: dict[str, Any], secret: str | None = None) -> int:
    url = shop.hook_address(shop.channels()["email"]) or ""
    call = Call(url, {}, json.dumps(body).encode(), clock.now(), lambda _: b"")
    return shop.hear("brevo", secret or url.rpartition("/")[2], call)


def events(shop: Shop, number: int) -> list[tuple[str, bool | None]]:
    shop.refresh()
    sql = "SELECT name, props FROM event JOIN event_name USING (code) WHERE name LIKE 'Email %' ORDER BY ts"
    rows = [(row["name"], json.loads(row["props"])) for row in shop.warehouse.read(sql).to_pylist()]
    return [(name, props.get("machine")) for name, props in rows if props["message"] == number]


def test_the_same_thing_told_twice_happened_once(shop: Shop) -> None:
    number = sent(shop, "ada", "twice", "transactional")
    for _ in range(2):
        assert told(shop, number, "delivered") == 1
        assert told(shop, number, "click", link="https://shop.fr/a", user_agent=FIREFOX) == 1
        assert told(shop, number, "unique_proxy_open") == 1
        told(shop, number, "soft_bounce")
        shop.refresh()
    assert events(shop, number) == [
        ("Email Delivered", None),
        ("Email Clicked", False),
        ("Email Proxy Opened", True),
        ("Email Bounced", None),
    ]
    assert shop.customer_messages("ada")[0].state == "bounced"
    assert shop.suppressed("ada@b.fr") == []


def test_what_a_program_did_is_nobodys_act(shop: Shop) -> None:
    number = sent(shop, "bob", "machine", "transactional")
    soon = {"ts_event": (LEFT + 2 * SECOND) // SECOND, "user_agent": FIREFOX}
    told(shop, number, "click", **soon)
    told(shop, number, "opened", user_agent="Mozilla/5.0 (via ggpht.com GoogleImageProxy)")
    told(shop, number, "opened", user_agent=FIREFOX, ts_event=(LEFT + HOUR) // SECOND)
    found = events(shop, number)
    assert found == [("Email Link Scanned", True), ("Email Proxy Opened", True), ("Email Opened", False)]


def test_what_we_watch_ourselves_does_not_count_again(shop: Shop) -> None:
    number = sent(shop, "bob", "watched")
    assert told(shop, number, "click", user_agent=FIREFOX) == 0
    assert events(shop, number) == []


def test_nobody_there_a_complaint_and_a_no_have_their_consequences(shop: Shop) -> None:
    gone, spam, leaving = (sent(shop, name, f"end {name}") for name in ("eva", "kim", "lou"))
    with shop.ops.begin() as tx:
        for number, name in ((gone, "eva"), (spam, "kim")):
            hashed = f"hash of {name}"
            tx.execute(message.update().where(message.c.id == number).values(address=hashed))
    for _ in range(2):
        told(shop, gone, "hard_bounce", reason="550 5.1.1 unknown")
        told(shop, spam, "spam")
        told(shop, leaving, "unsubscribed")
        shop.refresh()
    with shop.ops.read() as tx:
        assert suppressed.reasons(tx, ["hash of eva"], ("email",)) == {"hash of eva": {"bounce"}}
        assert suppressed.reasons(tx, ["hash of kim"], ("email",)) == {"hash of kim": {"complaint"}}
    assert [name for name, _ in events(shop, spam)] == ["Email Marked as Spam"]
    assert [name for name, _ in events(shop, leaving)] == ["Email Unsubscribed"]
    agreed = {one.channel: one.agreed for one in consent.standing(shop.warehouse, shop.person("lou"))}
    assert agreed == {"email": False, "sms": True}


def test_what_is_not_ours_or_not_theirs_changes_nothing(shop: Shop) -> None:
    number = sent(shop, "max", "forged")
    mark = shop.mark(number)
    wrong = f"{number}.{'0' * 20}"
    assert heard(shop, {"event": "spam", "ts_event": 1, "X-Mailin-custom": wrong}) == 0
    assert heard(shop, {"event": "spam", "ts_event": 1}) == 0
    with pytest.raises(Forged):
        heard(shop, {"event": "spam", "X-Mailin-custom": mark}, "guess")
    for kind in ("postmark", "email_smtp", "none"):
        with pytest.raises(Forged):
            shop.hear(kind, "", Call("", {}, b"{}", clock.now(), lambda _: b""))
    assert events(shop, number) == []
    assert shop.reported["forged"] >= 4
    leaving = sent(shop, "max", "early", state="sending")
    with pytest.raises(Early):
        told(shop, leaving, "delivered")


def test_stop_ends_text_messages_to_that_number(shop: Shop) -> None:
    number = "+33612345675"
    for _ in range(2):
        shop._stopped("sms", report(number))
    shop.refresh()
    agreed = {one.channel: one.agreed for one in consent.standing(shop.warehouse, shop.person("max"))}
    assert agreed == {"email": True, "sms": False}
    assert [one.reason for one in shop.suppressed(number)] == ["unsubscribed"]


def report(number: str) -> Any:
    return Report("SM1", "unsubscribed", clock.now(), address=number)


def test_over_http_the_doors_are_there_for_who_knows_them(shop: Shop) -> None:
    serving = served(shop)
    site = next(serving)
    path = (shop.hook_address(shop.channels()["email"]) or "").removeprefix("https://crm.shop.fr")
    with httpx.Client(base_url=site) as client:
        assert client.post(path, json={"event": "deferred"}).status_code == 200
        assert client.post(path, content=b"[]").status_code == 400
        assert client.post(f"{path}x", json={"event": "deferred"}).status_code == 404
        assert client.post("/hooks/none/none", json={}).content == b""
        assert client.post(path, content=b" " * (2 << 20)).status_code == 413
        assert client.get(path).status_code == 405
    next(serving, None)
