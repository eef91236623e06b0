"""Every screen that a person can open, with something on it; and what an eye would find wrong there."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import httpx
import pyotp
from msgspec import structs
from playwright.sync_api import Page

from habitue.alerts.recipes import recipes as starts
from habitue.app import Shop
from habitue.app.templates import Brand
from habitue.broadcasts.shape import Broadcast, Trial, Variant
from habitue.demo.shop import parcels
from habitue.ingest.loader import load
from habitue.journeys.reading import read
from habitue.journeys.recipes import recipes
from habitue.kernel import clock
from habitue.messaging import outbox
from habitue.messaging.kinds.email_smtp import Settings
from habitue.messaging.rules import Budget
from habitue.segments.templates import templates
from habitue.stages.sketch import Sketch
from habitue.team.entry import Came
from habitue.team.rights import Act, Actor
from habitue.templates.coupons import Pool
from habitue.templates.passes import Pass
from habitue.templates.shape import Template, Text
from habitue.templates.starters import starters
from tests.inside import session
from tests.messaging.test_domain import GOOD, Told
from tests.project.messages import answered, forms
from tests.web.listed import listed
from tests.web.lived import live

MEASURE: Final = Path(__file__).with_name("measure.js").read_text()
PASSWORD: Final = "correct horse battery"
OWNER: Final = Actor("command", "Odile", frozenset(Act), "owner")
FILE: Final = (
    "N° client;Date de commande;N° commande;Montant;Ville\n"
    "c1;03/04/2026 10:00;o1;1 234,50;Lyon\n"
    "c1;14/05/2026 10:00;o2;20,00;Lyon\n"
    ";16/05/2026 10:00;o4;30,00;Nantes\n"
)
RULE: Final = (
    'stage("transactional") in ["new", "active"] and '
    '(count("Order Completed", within="90d") >= 2 or trait.country == "FR") and not consent("email")'
)
BUSY: Final = {
    "id": "busy",
    "name": "Many active customers",
    "watch": {"is": "stage", "stage": "active"},
    "when": {"rule": "above", "limit": 1},
}
CHOSEN: Final = r'<select id="[^"]*" name="([^"]+)"(?:(?!</select>).)*?value="([^"]*)" selected'
FOREIGN: Final = {
    "fr": re.compile(
        r"\b(the|of|and|with|is|are|this|from|by|not|was|has|have|their|who|they)\b",
        re.IGNORECASE,
    ),
    "en": re.compile(r"\b(le|la|les|des|une|est|dans|pour|avec|que|qui|par|sur|sont|et|du)\b", re.IGNORECASE),
}
"""Small words of the other language: three of them make a sentence of it."""
LEAKED: Final = re.compile(r"(?<!/)\{\w*\}|\bundefined\b|\bNaN\b|\[object")


class Stop(NamedTuple):
    """One screen: where it is, what is pressed and written there first, and by whom: the owner ("") or the
    secret of another's session; None is nobody known.
    """

    name: str
    path: str
    press: tuple[str, ...] = ()
    who: str | None = ""
    fill: tuple[tuple[str, str], ...] = ()


SOME: Final = "SELECT person FROM person ORDER BY person LIMIT 240"
TRIAL: Final[dict[str, Any]] = {
    "id": "subject",
    "name": "Two subject lines",
    "entry": {"is": "manual"},
    "goal": {"event": "Order Completed", "within": "30d"},
    "steps": [
        {
            "id": "which",
            "is": "chance",
            "winner": "goal",
            "people": 2000,
            "branches": [
                {"id": "question", "share": 0.5, "steps": [{"id": "one", "is": "tag", "tag": "asked"}]},
                {"id": "promise", "share": 0.5, "steps": [{"id": "two", "is": "tag", "tag": "promised"}]},
            ],
        },
        {"id": "rest", "is": "wait", "length": "30d"},
    ],
}
"""A journey in which two ways are tried."""


def stock(shop: Shop, customers: int) -> None:
    """Make it a demo shop with segments, stages that are being changed and tasks."""
    now = clock.now()
    shop.put(parcels(7, customers, until=now), now)
    shop.refresh(now)
    for name in ("vip-cooling", "second-order", "abandoned-cart"):
        one = templates()[name]
        text = one.text(clock.moment(now, shop.settings.timezone).month)
        shop.save_segment(one.id, text, now, title=one.name.said("en"), about=one.about.said("en"), by="demo")
    shop.save_segment("buyers", RULE, now, title="Buyers", by="Odile")
    shop.keep_draft(shop.model("transactional"), None, Sketch({"dormant": "60"}), "Odile", now)
    shop.task(1, "Ring about the parcel", "Odile", due="2026-01-01", assignee="odile@boutique.example")
    shop.task(2, "Ask how the coat fits", "Odile", due="2030-01-01")
    shop.note(1, "Rang twice.\nInvoice by letter.", "Odile")
    shop.name_brand(Brand("La Théière bleue", "12 rue Austin, Lyon", "https://shop.example"), "demo", now)
    shop.make_coupons(Pool("harvest-2026", "Harvest 2026", "10 %", "TEA", 10_000, 30), "Odile", now)
    for slug in ("cart", "cart-reminder"):
        shop.publish_template(starters()["cart"].named(slug, "en"), "demo", now)
    spring = Text("Les premiers thés sont arrivés.", "Du nouveau", "", "text", "Les voir", "/nouveautes")
    shop.publish_template(Template("spring", {"fr": spring}, channel="inapp", place="bar"), "demo", now)
    prices = {"email": Budget(2_000_00, 90), "sms": Budget(None, 4_50, {"+32": 8_00})}
    shop.set_sending_rules(structs.replace(shop.sending_rules(), budgets=prices), "Odile", now)
    cart = read({**recipes()["cart"].said("en"), "holdout": 0.2})[0]
    keys = shop.warehouse.read("SELECT key FROM person WHERE key LIKE 'user:%' ORDER BY person")["key"]
    live(shop, shop.publish_journey(cart, "demo", now - 30 * clock.DAY), keys.to_pylist(), now)
    shop.publish_journey(read(TRIAL)[0], "demo", now)
    shop.enter_journey("subject", [*shop.warehouse.read(SOME).column(0).to_pylist()], "demo", now)
    shop.advance(now)
    shop.begin_recipe(recipes()["exit"], "en", "Odile")
    for raw in ({**starts()["orders"].said("en")}, BUSY):
        shop.save_alert(shop.read_alert(raw), "Odile", now)
    shop.watch(now)
    shop.snooze_alert("busy", "1d", "Odile", now)
    listed(shop, now)
    both = (Variant("a", "cart"), Variant("b", "cart"))
    autumn = Broadcast(
        "autumn", "Thés d’automne", 'segment("buyers")', variants=both, trial=Trial(), pace="50/h"
    )
    shop.keep_broadcast(autumn, "Odile", now)
    news = Broadcast("news", "Thé de Noël", "trait.email != None", variants=both[:1], holdout=0.1)
    shop.keep_broadcast(news, "Odile", now)
    shop.send_broadcast("news", "Odile", now)
    shop.advance_broadcasts(now)
    with shop.ops.begin() as tx:
        outbox.cancel(tx, news.origin, now=now, most=9)


def stops(shop: Shop, url: str) -> list[Stop]:
    """The screens of a shop that was stocked, and what of them is made by forms."""
    secret = session(shop)
    if not shop.founded():
        shop.settle(shop.actor(secret), "Odile Marchand", "odile@boutique.example", PASSWORD)
    cookies = {f"habitue_{shop.ops.name[:8]}": secret}
    with httpx.Client(
        base_url=url, timeout=60, follow_redirects=True, cookies=cookies, headers={"origin": url}
    ) as client:
        return [
            *_ways_in(shop),
            *_letters(shop),
            *_steering(shop),
            *_people(client),
            *_data(shop, client),
            *_house(shop),
            *_wrong(),
        ]


def _ways_in(shop: Shop) -> Iterator[Stop]:
    secret = shop.invite(OWNER, "amelie.de-la-rochefoucauld@boutique.example", "marketer")
    joined = shop.invite(OWNER, "bruno@boutique.example", "agent")
    his = shop.join(joined, "Bruno", PASSWORD, Came("127.0.0.1", "Firefox")).session
    bruno, app = shop.actor(his), pyotp.random_base32()
    shop.firm_up(bruno, PASSWORD, app, pyotp.TOTP(app).now())
    yield Stop("forbidden", "/settings", who=his)
    yield Stop("agent-only", "/agent", who=his)
    known = (("[name=email]", "bruno@boutique.example"), ("[name=password]", PASSWORD))
    yield Stop("sign-in-second", "/sign-in", ("form .button.first",), None, known)
    yield Stop(
        "sign-in-wrong", "/sign-in", ("form .button.first",), None, (known[0], ("[name=password]", "x"))
    )
    yield Stop("sign-in", "/sign-in", who=None)
    yield Stop("link", f"/sign-in/{shop.first_link('a test')}", who=None)
    yield Stop("link-used", "/sign-in/none", ("form .button.first, form button",), who=None)
    yield Stop("join", f"/join/{secret}", who=None)
    yield Stop("join-used", "/join/none", who=None)
    yield Stop("reset", f"/reset/{shop.reset_link(OWNER, bruno.id or 0)}", who=None)


def _letters(shop: Shop) -> Iterator[Stop]:
    """What a customer sees who follows a link in a message."""
    shop.consent("user:c-001", status="granted", by="Odile")
    shop.refresh()
    one = Pass(1, shop.person("user:c-001"), "email", "marketing", clock.now() // clock.SECOND)
    passes = shop.passes("https://shop.example")
    for name, address in (
        ("unsubscribe", passes.address("u", one)),
        ("preferences", passes.address("p", one)),
        ("answer", passes.follow(one)("https://shop.example/s?survey=exit&answer=price&says=Too%20dear")),
    ):
        yield Stop(name, "/" + address.split("/", 3)[3], who=None)
    yield Stop("unsubscribe-unknown", "/u/none", who=None)


def _steering(shop: Shop) -> Iterator[Stop]:
    here = "/stages/transactional"
    yield Stop("overview", "/")
    yield Stop("overview-segment", "/?segment=second-order&hide=prospects&hide=unchanged&period=2026-09")
    yield Stop("overview-period", "/?period=30d&compare=year", ("[popovertarget=period]",))
    yield Stop("stages", "/stages")
    yield Stop("model", here)
    for model in shop.models()[1:]:
        yield Stop(f"model-{model.id}", f"/stages/{model.id}")
    yield Stop("stage", f"{here}/active")
    yield Stop("stage-prospect", f"{here}/prospect")
    yield Stop("draft-new", f"{here}/draft")
    yield Stop("draft", f"{here}/draft/1")
    yield Stop("draft-people", f"{here}/draft/1/people?from=active&to=dormant")
    yield Stop("rhythm", "/welcome/stages")
    yield Stop("alerts", "/alerts")
    yield Stop("alert", "/alerts/busy")
    yield Stop("alert-new", "/alerts/new")
    yield Stop("alert-edit", "/alerts/orders/edit")


def _people(client: httpx.Client) -> Iterator[Stop]:
    client.post("/customers/act/export", data={"form": "csv", "query": ""})
    client.post("/customers/act/export", data={"form": "xlsx", "query": "stage=active"})
    yield Stop("customers", "/customers")
    yield Stop("customers-found", "/customers?stage=active&q=a&columns=orders&columns=revenue")
    moved = "from=active&to=dormant&at=2026-11-01&against=2026-10-01"
    yield Stop("customers-filters", f"/customers?{moved}", ("#filters .panelled summary",))
    yield Stop("customers-none", "/customers?q=qzxqzx")
    for act in ("note", "task", "consent", "suppress", "trait", "export"):
        yield Stop(f"act-{act}", f"/customers/act?act={act}")
    yield Stop("customer-new", "/customers/1")
    buyer = re.findall(r'href="(/customers/\d+)', client.get("/customers?stage=dormant").text)[0]
    yield Stop("customer", buyer)
    yield Stop("customer-why", buyer, ("#reasons .button",))
    yield Stop("agent", "/agent")
    yield Stop("agent-found", "/agent?q=a")
    yield Stop("tasks", "/tasks")
    yield Stop("tasks-all", "/tasks?show=all")
    yield Stop("outgoing", "/lists/outgoing")
    yield Stop("outgoing-letters", "/lists/outgoing?show=letters")
    yield Stop("outgoing-posted", "/lists/outgoing?show=letters", ("[commandfor^=posted]",))
    yield Stop("exports", "/exports")
    yield Stop("segments", "/segments")
    yield Stop("segment", "/segments/second-order")
    yield Stop("segment-people", "/segments/second-order/customers")
    yield Stop("segment-new", "/segments/new")
    yield Stop("segment-edit", "/segments/buyers/edit")
    yield Stop("journeys", "/journeys")
    yield Stop("journey", "/journeys/cart")
    yield Stop("journey-trial", "/journeys/subject")
    yield Stop("journey-trial-choose", "/journeys/subject", ("[commandfor^=choose]",))
    yield Stop("journey-results", "/journeys/cart/results")
    yield Stop("journey-stopped", "/journeys/cart/results/customers?step=first&became=skipped&reason=consent")
    yield Stop("journey-replay", "/journeys/cart/replay")
    yield Stop("journey-edit", "/journeys/exit/edit")
    yield Stop("broadcasts", "/campaigns")
    yield Stop("broadcasts-month", f"/campaigns?month={time.strftime('%Y-%m')}")
    yield Stop("broadcast", "/campaigns/news")
    yield Stop("broadcast-people", "/campaigns/news/people?what=skipped&guard=stopped")
    yield Stop("broadcast-funnel", "/campaigns/autumn/funnel")
    for step in ("audience", "content", "control", "send"):
        yield Stop(f"broadcast-{step}", f"/campaigns/autumn/edit?step={step}")
    yield Stop("templates", "/templates")
    yield Stop("coupons", "/coupons")
    yield Stop("template", "/templates/cart")
    yield Stop("template-new", "/templates/new?starter=welcome")
    yield Stop("template-site", "/templates/spring")
    yield Stop("segment-why", "/segments/second-order/why?customer=1")


def _data(shop: Shop, client: httpx.Client) -> Iterator[Stop]:
    source = shop.add_source("caisse-de-la-boutique")
    shop.add_source("site", "browser")
    for event in ("Order Completed", "", "Page seen"):
        told: dict[str, object] = {
            "userId": "u1",
            "event": event,
            "messageId": event,
            "properties": {"total": "12,5"},
        }
        client.post("/v1/track", json=told, auth=(source.write_key, ""))
    for n, name in enumerate(("Marie", "Marie", "Léo", "Léo")):
        told = {"userId": f"twin{n}", "messageId": f"twin{n}", "traits": _twin(name, n)}
        client.post("/v1/identify", json=told, auth=(source.write_key, ""))
    shop.refresh()
    shop.find_duplicates()
    for pair in shop.duplicates()[:1]:
        shop.merge_duplicate(pair.id, "Odile")
    yield Stop("data", "/data")
    for name in ("events", "refused", "catalogue", "duplicates?least=0.5"):
        yield Stop(f"data-{name.partition('?')[0]}", f"/data/{name}")
    yield Stop("data-refused-open", f"/data/refused?number={shop.refused()[0].id}")
    yield Stop("welcome", "/welcome")
    yield Stop("welcome-browser", "/welcome?kind=browser")
    yield Stop("import", "/data/import")
    read = client.post("/data/import", files={"file": ("Commandes d’été.csv", FILE.encode())}).url.path
    yield Stop("import-columns", read)
    unclear = client.post("/data/import", files={"file": ("x.csv", b"a,b\n1,2\n")}).url.path
    yield Stop("import-unclear", unclear)
    yield Stop("import-tried", _run(client, "check"))
    yield Stop("import-done", _run(client, "load"))
    yield Stop("import-undo", f"/data/imports/{shop.imports()[0].id}")


def _twin(name: str, n: int) -> dict[str, object]:
    """What is known of one of two who may be the same."""
    pair = n // 2
    return {
        "firstName": name,
        "lastName": ("Lefèvre-Duval", "Nguyen")[pair],
        "email": f"{name}{n}@exemple.fr",
        "birthday": f"198{pair}-03-07",
        "phone": f"+3361234560{n}",
        "address": {"street": f"{pair + 4} rue des Lilas", "postalCode": "69003", "city": "Lyon"},
    }


def _run(client: httpx.Client, end: str) -> str:
    """Where a file of its own is told of that was tried, or loaded."""
    path = client.post("/data/import", files={"file": (f"{end}.csv", FILE.encode())}).url.path
    form = dict(re.findall(CHOSEN, client.get(path).text, re.DOTALL))
    for step in ("check", "load")[: 1 + (end == "load")]:
        client.post(f"{path}/{step}", data=form)
        for _ in range(200):
            if 'hx-trigger="every 1s"' not in client.get(f"{path}/run").text:
                break
            time.sleep(0.05)
    return f"{path}/run"


def _house(shop: Shop) -> Iterator[Stop]:
    shop.add_key(OWNER, "The till", ["write"])
    for name in ("settings", "team", "acts", "me", "api", "palette", "styleguide"):
        yield Stop(name, f"/{name}")
    _sent(shop)
    for name in ("deliverability", "sending", "health", "privacy", "profiles"):
        yield Stop(f"settings-{name}", f"/settings/{name}")
    yield Stop("settings-sending-form", "/settings/sending?kind=email_smtp")
    yield Stop("palette-open", "/stages", ("[data-palette]",))
    yield Stop("self-open", "/stages", (".self",))


def _sent(shop: Shop) -> None:
    """Let mails leave by a server, and DNS say something of its domain."""
    relay = Settings("127.0.0.1", "La Théière <bonjour@theiere.example>", bounces="retour@theiere.example")
    shop.set_mail(relay, "Odile")
    shop.check_domain("Odile", names=Told({**GOOD, ("theiere.example", "MX"): ["10 mx.theiere.example."]}))


def _wrong() -> Iterator[Stop]:
    yield Stop("nothing", "/nothing")
    yield Stop("bad-address", "/?segment=byers")
    yield Stop("bad-value", "/customers?past=x")
    yield Stop("nobody", "/customers/99999999")


def empty() -> list[Stop]:
    """The screens of a workspace where nothing is yet; the first once the ways to begin are passed over."""
    places = "welcome stages stages/transactional stages/transactional/active stages/transactional/draft"
    places += " welcome/stages customers segments campaigns agent tasks exports alerts data data/events"
    places += " data/refused"
    places += " data/catalogue data/duplicates data/import team acts settings/health"
    passed = Stop("bare-overview", "/welcome", ("form[action='/welcome/skip'] button",))
    return [passed, *(Stop(f"bare-{path.replace('/', '-')}", f"/{path}") for path in places.split())]


def unread(shop: Shop) -> None:
    """Let there be events that nobody has worked out yet, as while the working copy is made again."""
    shop.put(parcels(7, 20, until=clock.now()))
    load(shop.ops, shop.log, shop.warehouse)


def away() -> list[Stop]:
    """The screens of a workspace whose figures can't be read just now."""
    return [Stop("down", "/"), Stop("down-health", "/settings/health"), Stop("down-nothing", "/nothing")]


def settle(page: Page) -> None:
    """Wait until what is worked out beside the page is on it."""
    page.wait_for_load_state()
    page.wait_for_function("() => !document.querySelector('.htmx-request')")
    for figure in page.locator("figure[data-chart]:visible").all():
        figure.locator("svg").first.wait_for()
    page.evaluate("document.fonts.ready.then(() => true)")


def faults(page: Page, language: str) -> list[str]:
    """What an eye would find wrong on the page that is open."""
    found = page.evaluate(MEASURE)
    return [
        *found["faults"],
        *(f"{why}: {word!r}" for word in found["words"] if (why := _misspoken(word, language))),
    ]


def _misspoken(word: str, language: str) -> str | None:
    if LEAKED.search(word) or (language == "fr" and re.search(r"\bNone\b", word)):
        return "not a word"
    if language == "fr" and word in _english():
        return "not translated"
    return "in the other language" if len(FOREIGN[language].findall(word)) > 2 else None


@cache
def _english() -> frozenset[str]:
    """English messages that no French one is the same as."""
    every = [
        (one, two)
        for _, message in answered()
        for one, two in zip(forms(message.id), forms(message.string), strict=False)
    ]
    french = {" ".join(two.split()) for _, two in every}
    return frozenset(" ".join(one.split()) for one, _ in every) - french
