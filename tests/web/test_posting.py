"""The settings of sending: nothing secret is shown again, nothing wrong is kept, one sees that it works."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import httpx
import pytest
from msgspec import structs

from habitue.app import Shop
from habitue.kernel import clock
from habitue.messaging.quiet import Quiet
from habitue.messaging.rules import Budget, Cap, Rules
from habitue.metrics.credit import Windows
from habitue.store import repute
from tests.inside import BEARER
from tests.messaging.nameserver import nameserver
from tests.messaging.sink import sink
from tests.messaging.test_domain import GOOD

PATH = "/settings/sending"
RULES = {
    "do": "rules",
    "caps.email": "2 in 16h, 5 in 7d",
    "caps.sms": "",
    "caps.push": "1 in 24h",
    "quiet.sms.start": "21:00",
    "quiet.sms.stop": "09:00",
    "quiet.sms.sunday": "1",
    "quiet.push.start": "",
    "quiet.push.stop": "",
    "budget.sms.most": "120",
    "budget.sms.price": "0,045",
    "budget.sms.places": "+32 0,08; +1 0.01",
    "budget.email.price": "0.001",
    "holdout": "5",
    "late": "12h",
    "clicks": "1",
}


@pytest.fixture
def client(site: str) -> Iterator[httpx.Client]:
    headers = BEARER | {"accept-language": "en"}
    with httpx.Client(base_url=site, timeout=30, headers=headers, follow_redirects=True) as client:
        yield client


def read(answer: httpx.Response, status: int = 200) -> str:
    assert answer.status_code == status, answer.text[:500]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def test_a_way_out_is_set_up_tried_and_ended(shop: Shop, client: httpx.Client) -> None:
    with sink() as server:
        told = {
            "do": "set", "kind": "email_smtp", "host": "127.0.0.1", "port": str(server.port),
            "security": "none", "sender": "Shop <hello@shop.fr>", "password": "s3cret-canary", "user": "",
        }  # fmt: skip
        assert "hello@shop.fr" in read(client.post(PATH, data=told))
        form = client.get(f"{PATH}?kind=email_smtp").text
        assert "s3cret-canary" not in form
        assert "left empty it stays" in form
        # Saved again without the password, which stays; without a sender nothing is changed.
        kept = client.get("/api/v1/channels")
        assert "s3cret-canary" not in kept.text
        (used,) = [one for one in kept.json() if one["kind"] == "email_smtp"]
        assert used["since"]
        assert (used["settings"]["port"], used["secrets"]["password"]) == (server.port, True)
        assert all(one["settings"] == {} for one in kept.json() if not one["since"])
        again = told | {"password": "", "connections": "2", "rate": ""}
        read(client.post(PATH, data=again))
        mail = shop.mail()
        assert mail is not None
        assert (mail.password, mail.connections) == ("s3cret-canary", 2)
        assert "missing" in read(client.post(PATH, data=told | {"sender": ""}), 400)
        read(client.post(PATH, data=told | {"password": "", "user": ""}))
        shop.set_channel("email_smtp", {"password": "", "user": ""}, "test")
        tried = read(client.post(PATH, data={"do": "test", "channel": "email", "to": "ada@b.fr"}))
        assert "The test was taken" in tried
        assert [to for _, to, _ in server.taken] == ["ada@b.fr"]
        assert "Write the address" in read(client.post(PATH, data={"do": "test", "channel": "email"}), 400)
    assert "not set up" in read(client.post(PATH, data={"do": "end", "channel": "email"}))
    assert client.post(PATH, data={"do": "fly"}).status_code == 400
    assert client.get(f"{PATH}?kind=pigeon").status_code == 400


def test_rules_are_read_and_what_makes_no_sense_is_not_kept(shop: Shop, client: httpx.Client) -> None:
    before = shop.sending_rules()
    read(client.post(PATH, data=RULES))
    rules = shop.sending_rules()
    caps = {one: rules.capped(one) for one in ("email", "sms", "push")}
    assert caps == {"email": (Cap(2, "16h"), Cap(5, "7d")), "sms": (), "push": (Cap(1, "24h"),)}
    assert (rules.quiet["sms"], rules.quiet["push"]) == (Quiet("21:00", "09:00", (7,)), Quiet())
    assert rules.budgets["sms"] == Budget(1_200_000, 450, {"+32": 800, "+1": 100})
    assert rules.budgets["email"] == Budget(None, 10)
    assert (rules.holdout, rules.late, rules.clicks, rules.opens) == (0.05, "12h", True, False)
    page = client.get(PATH).text
    for text in ("2 in 16h, 5 in 7d", 'value="0.045"', 'value="21:00"', 'value="+32 0.08; +1 0.01"'):
        assert text in page, text
    for wrong in (
        {"caps.email": "often"},
        {"holdout": "all"},
        {"holdout": "100"},
        {"budget.sms.price": ""},
        {"budget.sms.most": "much"},
        {"budget.email.price": "NaN"},
        {"budget.sms.places": "Belgium 0.08"},
        {"budget.sms.places": "+012 0.08"},
        {"late": "soon"},
        {"quiet.sms.start": "25:00"},
    ):
        assert client.post(PATH, data=RULES | wrong).status_code == 400, wrong
    assert shop.sending_rules() == rules
    told = client.get("/api/v1/spending").json()
    costs = [{"channel": "email", "messages": 0, "cost": "0", "most": None}]
    costs.append({"channel": "sms", "messages": 0, "cost": "0", "most": "120"})
    assert ([one["channels"] for one in told], told[0]["month"][4]) == ([costs, [], []], "-")
    shop.set_sending_rules(Rules(zone=before.zone, country=before.country), "test")
    read(client.post(PATH, data={"do": "attribution", "click": "3d", "delivery": ""}))
    assert shop.attribution() == Windows("3d", "")
    assert "else no order" in read(client.post(PATH, data={"do": "attribution", "click": ""}), 400)
    shop.set_attribution(Windows(), "test")


def test_dns_is_asked_when_somebody_asks_and_marketing_goes_on_with_a_reason(
    shop: Shop, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = "/settings/deliverability"
    assert "No e-mails leave yet" in read(client.get(path))
    told = {"do": "set", "kind": "email_smtp", "host": "mail.shop.fr", "sender": "hello@shop.fr"}
    read(client.post(PATH, data=told))
    assert "Nobody has looked yet" in read(client.get(path))
    assert "takes each customer’s consent" in read(client.get(path))
    rules = shop.sending_rules()
    shop.set_sending_rules(structs.replace(rules, opens=False), "test")
    assert "Nothing in marketing mails tells that they were opened" in read(client.get(path))
    shop.set_sending_rules(rules, "test")
    with nameserver(GOOD) as server:
        monkeypatch.setitem(shop.__dict__, "configured", {**shop.configured, "dns": [server]})
        monkeypatch.delitem(shop.__dict__, "resolver", raising=False)
        page = read(client.post(path, data={"do": "check"}))
    assert "Forgeries are kept away (p=quarantine)" in page
    assert "shop.fr says nowhere who may send for it" in page
    assert "v=spf1 a:mail.shop.fr ~all" in page
    with shop.ops.begin() as tx:
        repute.stop(tx, "email", {"provider": "", "sent": 1000, "back": 0, "spam": 4}, clock.now())
    assert "too many called it spam" in read(client.get("/"))
    arriving = client.get("/api/v1/deliverability", headers={"accept-language": "fr"}).json()
    assert (arriving["halted"][:4], arriving["domain"]["domain"]) == (clock.iso(clock.now())[:4], "shop.fr")
    dmarc = next(one for one in arriving["domain"]["checks"] if one["id"] == "dmarc")
    assert (dmarc["state"], "faux sont écartés" in dmarc["text"]) == ("good", True)
    assert "Say why" in read(client.post(path, data={"do": "resume", "why": " "}), 400)
    assert "Marketing goes on" in read(client.post(path, data={"do": "resume", "why": "mended"}))
    assert shop.halted() is None
    shop.end_mail("test")
