"""The settings: of the workspace, of profiles and of privacy; and how everything fares."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event

import httpx
import pytest

from habitue.app import Settings, Shop
from habitue.demo.shop import parcels
from habitue.kernel import clock
from tests.inside import BEARER
from tests.web.conftest import served


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    now = clock.now()
    with Shop.create(tmp_path_factory.mktemp("settings") / "shop", Settings(language="en")) as made:
        made.put(parcels(5, 40, until=now), now)
        made.refresh(now)
        yield made


@pytest.fixture(scope="module")
def client(own: Shop) -> Iterator[httpx.Client]:
    for site in served(own):
        with httpx.Client(base_url=site, headers=BEARER, follow_redirects=True) as client:
            yield client


def test_the_zone_and_the_language_can_be_changed_and_it_is_written_down(
    own: Shop, client: httpx.Client
) -> None:
    before = client.get("/").text
    answer = client.post("/settings", data={"timezone": "America/New_York", "language": "fr"})
    assert answer.status_code == 200
    assert (own.settings.timezone, own.settings.language) == ("America/New_York", "fr")
    assert '<html lang="fr"' in client.get("/", headers={"accept-language": ""}).text
    assert '<html lang="fr"' not in before
    (deed,) = own.deeds(1)
    assert (deed.act, deed.by) == ("settings", "command line")
    assert deed.detail == {"timezone": ["Europe/Paris", "America/New_York"], "language": ["en", "fr"]}


def test_what_is_no_zone_is_refused_with_what_was_written_kept(own: Shop, client: httpx.Client) -> None:
    before = own.settings
    answer = client.post("/settings?lang=en", data={"timezone": "Mars/<b>", "language": "en"})
    assert answer.status_code == 400
    assert "“Mars/&lt;b&gt;” is not a time zone" in answer.text
    assert own.settings == before


def test_the_rules_of_retention_can_be_changed(own: Shop, client: httpx.Client) -> None:
    sent = {"prospects": "2y", "customers": "never", "alone": "1"}
    assert client.post("/settings/privacy", data=sent).status_code == 200
    rules = own.retention()
    assert (rules.prospects, rules.customers, rules.alone) == ("2y", None, True)
    assert own.deeds(1)[0].act == "retention"
    assert client.post("/settings/privacy", data={"prospects": "soon"}).status_code == 400
    assert own.retention() == rules


def test_silent_people_go_when_it_is_said(own: Shop, client: httpx.Client) -> None:
    own.keep_for(prospects="never", customers="1d")
    gone = len(own.silent())
    assert gone
    erased = Event()
    own.forgetting.append(erased.set)
    assert client.post("/settings/privacy/run").status_code == 200
    assert erased.wait(60)
    with own.working:  # it is finished behind the answer
        pass
    (request,) = own.erasures()
    assert (request.people, request.reason) == (gone, "retention")


def test_whose_word_counts_can_be_settled(own: Shop, client: httpx.Client) -> None:
    trait = own.traits()[0].name
    client.post("/settings/profiles", data={"sources": "crm, import:*"})
    client.post("/settings/profiles", data={"trait": trait, "type": "list", "sources": ""})
    settled = own.settled()
    assert settled.precedence[""] == ("crm", "import:*")
    assert settled.types[trait] == "list"
    assert client.post("/settings/profiles", data={"trait": trait, "type": "colour"}).status_code == 400


def test_what_the_doctor_finds_is_shown(own: Shop, client: httpx.Client) -> None:
    found = client.get("/settings/health/findings?lang=en").text
    assert found.count("<li") == len(own.doctor())
    assert "Everything is in order" in found
