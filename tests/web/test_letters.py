"""Links in messages: they know for whom they are, a GET changes nothing, no program's act is somebody's."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import msgspec
import pytest
from playwright.sync_api import Browser, expect

from habitue.app import Settings, Shop
from habitue.kernel import clock
from habitue.kernel.clock import DAY, SECOND, YEAR
from habitue.messaging import outbox
from habitue.messaging.outbox import Wanted
from habitue.store.seal import Marks
from habitue.store.tables import inbox, message
from habitue.templates.passes import Pass, Passes
from habitue.templates.shape import Template, Text
from tests.web.conftest import served

CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)
HUMAN = {"user-agent": CHROME, "accept-language": "fr-FR,fr;q=0.9"}
BODY = """<mjml><mj-body><mj-section><mj-column>
<mj-text>Bonjour {{ customer.first_name | default: 'à vous' }}</mj-text><mj-button href="https://shop.example/a">Voir</mj-button>
<mj-text><a href="{{ links.unsubscribe }}">x</a></mj-text>
</mj-column></mj-section></mj-body></mjml>"""
ADA = "user:ada"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with Shop.create(tmp_path_factory.mktemp("letters") / "shop", Settings(language="en")) as made:
        now = clock.now() - DAY
        made.consent(ADA, status="granted", at=now - DAY)
        made.consent(ADA, status="granted", purpose="new-products", at=now - DAY)
        yield made


@pytest.fixture(scope="module")
def site(shop: Shop) -> Iterator[str]:
    yield from served(shop)


@pytest.fixture(scope="module")
def client(site: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=site, timeout=30, headers=HUMAN) as made:
        yield made


@pytest.fixture(scope="module")
def letter(shop: Shop) -> Pass:
    """A message that Ada was sent an hour ago."""
    now = clock.now() - DAY // 24
    kept = shop.publish_template(Template("hello", {"fr": Text(BODY, "Bonjour", "Un mot")})).kept
    person = shop.person(ADA)
    wanted = Wanted(origin="journey:hello", run="1", person=person, channel="email", due=now,
                    template=kept.version, values={"coupon": {"code": "A"}})  # fmt: skip
    with shop.ops.begin() as tx:
        outbox.put(tx, [wanted], now)
        number = tx.execute(
            message.update().values(left=now, state="sent").returning(message.c.id)
        ).scalar_one()
    return Pass(number, person, "email", "marketing", now // SECOND)


@pytest.fixture(autouse=True)
def willing(shop: Shop) -> None:
    """Ada has agreed to both, whatever an earlier test had her say."""
    for purpose in ("marketing", "new-products"):
        if not agreed(shop, purpose):
            shop.consent(ADA, status="granted", purpose=purpose)
    shop.refresh()


def path(shop: Shop, use: str, one: Pass) -> str:
    return "/" + shop.passes("https://x.example").address(use, one).split("/", 3)[3]  # type: ignore[arg-type]  # told by tests


def agreed(shop: Shop, purpose: str = "marketing") -> bool:
    shop.refresh()
    return bool(shop.allowed([shop.person(ADA)], "email", purpose))


def told(shop: Shop, *names: str) -> list[dict[str, object]]:
    """The events of these names with their properties, in their order."""
    shop.refresh()
    return [{"name": one.name, **one.props} for one in shop.events(ADA, 200) if one.name in names][::-1]


def rows(shop: Shop) -> int:
    with shop.ops.read() as tx:
        return len(tx.execute(inbox.select()).all())


def test_looking_at_a_link_unsubscribes_nobody(shop: Shop, client: httpx.Client, letter: Pass) -> None:
    assert agreed(shop)
    for _ in range(4):
        for method in ("GET", "HEAD", "OPTIONS"):
            for use in ("u", "p"):
                client.request(method, path(shop, use, letter))
    assert rows(shop) == 0
    assert agreed(shop)
    page = client.get(path(shop, "u", letter))
    assert "<form" in page.text
    assert page.headers["x-robots-tag"].startswith("noindex")


@pytest.mark.parametrize("kind", ["urlencoded", "multipart"])
def test_a_mail_program_unsubscribes_with_one_post(shop: Shop, site: str, letter: Pass, kind: str) -> None:
    shop.consent(ADA, status="granted")
    form = {"List-Unsubscribe": "One-Click"}
    url = site + path(shop, "u", letter)
    # No cookie, no language, no page read before, no redirect; twice is as good as once.
    sent = (
        {"data": form}
        if kind == "urlencoded"
        else {"files": {name: (None, said) for name, said in form.items()}}
    )
    for _ in range(2):
        answer = httpx.post(url, **sent, follow_redirects=False)
        assert answer.status_code == 200
    assert not agreed(shop)
    assert agreed(shop, "new-products")
    record = shop.consents(ADA)[0]
    assert (record.status, record.form, record.source) == ("withdrawn", "one-click", "habitue")
    assert told(shop, "Email Unsubscribed")[-1]["origin"] == "journey:hello"


def test_a_pass_is_good_for_what_it_was_made_for_as_long_as_it_was_and_for_nobody_else(
    shop: Shop, client: httpx.Client, letter: Pass
) -> None:
    good = path(shop, "u", letter)
    secret = good.split("/")[2]
    old = msgspec.structs.replace(letter, made=letter.made - 11 * YEAR // SECOND)
    wrong = [
        "/u/none",
        "/u/" + "A" * 5_000,
        good[:-1],
        good[:20] + ("A" if good[20] != "A" else "B") + good[21:],
        f"/p/{secret}",
        f"/c/{secret}",
        path(shop, "u", old),
        "/u/" + Passes(Marks((b"another workspace's key",)), "x").sealed("u", letter),
        "/u/é%00",
    ]
    before = rows(shop)
    for address in wrong:
        assert client.get(address).status_code == 404, address
        assert client.post(address, data={"List-Unsubscribe": "One-Click"}).status_code in (404, 405), address
    assert rows(shop) == before
    assert client.get(good).status_code == 200


def test_a_pass_is_good_after_the_key_was_changed(shop: Shop, letter: Pass) -> None:
    address = path(shop, "u", letter).split("/")[2]
    shop.seal.turn()
    fresh = Passes(shop.seal.marks(), "https://x.example")
    assert fresh.read("u", address, clock.now()) == letter


def test_what_they_want_to_hear_is_kept_with_its_proof(
    shop: Shop, client: httpx.Client, letter: Pass
) -> None:
    shop.consent(ADA, status="granted")
    shop.refresh()
    page = client.get(path(shop, "p", letter)).text
    assert 'lang="en"' in client.get(path(shop, "p", letter) + "?lang=en").text
    assert "Actualités et offres" in page
    assert page.count("checked") == 2
    answer = client.post(path(shop, "p", letter), data={"yes": ["email.new-products", "email.made-up"]})
    assert "Votre choix est enregistré" in answer.text
    assert (agreed(shop), agreed(shop, "new-products")) == (False, True)
    assert {one.purpose for one in shop.consents(ADA)} == {"marketing", "new-products"}
    client.post(path(shop, "p", letter), data={"yes": ["email.new-products", "email.marketing"]})
    assert agreed(shop)
    record = shop.consents(ADA)[0]
    assert (record.status, record.form, record.text) == (
        "granted",
        "preferences",
        "Actualités et offres (e-mail)",
    )
    client.post(path(shop, "p", letter), data={"all": "1"})
    assert (agreed(shop), agreed(shop, "new-products")) == (False, False)


def test_a_link_leads_where_the_message_said_and_nowhere_else(
    shop: Shop, client: httpx.Client, letter: Pass
) -> None:
    to = "https://shop.example/a?b=1&c=é"
    led = shop.passes("https://x.example").follow(letter)(to)
    answer = client.get("/" + led.split("/", 3)[3])
    assert (answer.status_code, answer.headers["location"]) == (302, to)
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert told(shop, "Email Clicked")[-1]["link"] == to
    assert not told(shop, "Email Clicked")[-1]["machine"]
    own = "https://x.example/u/abc"
    assert shop.passes("https://x.example").follow(letter)(own) == own
    for bad in ("javascript:alert(1)", "", "//evil.example", "ftp://x.example"):
        forged = msgspec.structs.replace(letter, to=bad)
        assert client.get(path(shop, "c", forged)).status_code == 404
    assert client.get("/c/https://evil.example").status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"user-agent": "Mozilla/5.0 (compatible; BarracudaCentral)"},
        {"user-agent": "Mozilla/5.0"},
        {"user-agent": ""},
        {"sec-purpose": "prefetch;prerender"},
        {"user-agent": "python-requests/2.33"},
    ],
)
def test_what_a_program_does_is_nobodys_act(
    shop: Shop, client: httpx.Client, letter: Pass, headers: dict[str, str]
) -> None:
    mine = msgspec.structs.replace(letter, to=f"https://shop.example/{hash(str(headers))}")
    before = len(told(shop, "Email Clicked", "Email Opened"))
    assert client.get(path(shop, "c", mine), headers=headers).status_code == 302
    assert client.head(path(shop, "c", mine)).status_code == 302
    assert client.get(path(shop, "o", mine), headers=headers).headers["content-type"] == "image/gif"
    assert len(told(shop, "Email Clicked", "Email Opened")) == before
    assert all(one["machine"] for one in told(shop, "Email Link Scanned", "Email Proxy Opened"))
    assert {one["name"] for one in told(shop, "Email Link Scanned", "Email Proxy Opened")} == {
        "Email Link Scanned",
        "Email Proxy Opened",
    }


def test_an_answer_is_sent_by_a_button_and_counts_once(
    browser: Browser, shop: Shop, site: str, letter: Pass
) -> None:
    question = "survey=exit&answer=price&score=3&says=C%E2%80%99est%20trop%20cher"
    led = shop.passes("https://x.example").follow(letter, clicks=False)
    address = site + "/" + led(f"https://x.example/s?{question}").split("/", 3)[3]
    assert led("https://shop.example/a") == "https://shop.example/a"
    # What looks at links (and what makes up an answer of its own) answers nothing.
    for _ in range(2):
        assert httpx.get(address, headers=HUMAN).status_code == 200
    assert httpx.post(f"{site}/s/{question}").status_code == 404
    assert told(shop, "Survey Answered") == []
    context = browser.new_context(
        locale="fr-FR", viewport={"width": 390, "height": 800}, java_script_enabled=False
    )
    page = context.new_page()
    page.goto(address)
    expect(page.locator(".said")).to_have_text("C’est trop cher")
    page.get_by_label("Quelque chose à ajouter").fill("Le port surtout")
    page.get_by_role("button", name="Envoyer ma réponse").click()
    expect(page.get_by_role("status")).to_have_text("Merci pour votre réponse")
    context.close()
    assert httpx.post(address, data={"comment": "again"}).status_code == 200
    (answer,) = told(shop, "Survey Answered")
    wanted = {"survey": "exit", "answer": "price", "score": 3, "said": "C’est trop cher"}
    assert answer.items() >= (wanted | {"comment": "Le port surtout", "origin": "journey:hello"}).items()


def test_the_message_can_be_looked_at_in_a_browser(shop: Shop, client: httpx.Client, letter: Pass) -> None:
    page = client.get(path(shop, "v", letter))
    assert "Bonjour à vous" in page.text
    policy = page.headers["content-security-policy"]
    assert "sandbox" in policy
    assert "script" not in policy
    gone = msgspec.structs.replace(letter, message=letter.message + 1000)
    assert client.get(path(shop, "v", gone)).status_code == 404


def test_somebody_who_is_not_known_any_more_is_answered(
    shop: Shop, client: httpx.Client, letter: Pass
) -> None:
    gone = msgspec.structs.replace(letter, person=2_000_000)
    before = rows(shop)
    for use in ("u", "p"):
        assert client.get(path(shop, use, gone)).status_code == 200
        assert client.post(path(shop, use, gone), data={"yes": "email.marketing"}).status_code == 200
    assert client.get(path(shop, "c", msgspec.structs.replace(gone, to="https://a.fr"))).status_code == 302
    assert rows(shop) == before


def test_a_customer_says_no_with_a_phone(browser: Browser, shop: Shop, site: str, letter: Pass) -> None:
    shop.consent(ADA, status="granted")
    shop.refresh()
    context = browser.new_context(
        locale="fr-FR", viewport={"width": 390, "height": 800}, java_script_enabled=False
    )
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", lambda said: wrong.append(said.text))
    page.goto(site + path(shop, "u", letter))
    expect(page.locator("h1")).to_have_text(re.compile("Se désinscrire"))
    page.get_by_role("button", name="Me désinscrire").click()
    expect(page.locator("h1")).to_have_text("Votre désinscription est faite")
    assert not agreed(shop)
    page.get_by_role("link").click()
    page.get_by_label("Actualités et offres").check()
    page.get_by_role("button", name="Enregistrer mon choix").click()
    expect(page.get_by_role("status")).to_have_text("Votre choix est enregistré.")
    assert agreed(shop)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert wrong == []
    context.close()
