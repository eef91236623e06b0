"""What the API answers agrees with the shop, and says what to do about a mistake."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, settings
from schemathesis import GenerationMode
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import positive_data_acceptance

from habitue.api.wire import HEAD
from habitue.app import Shop
from tests.inside import BEARER

API = "/api/v1"


@pytest.fixture(scope="module")
def client(site: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=site + API, headers=BEARER, timeout=30) as client:
        yield client


def asked(client: httpx.Client, path: str, **params: Any) -> Any:
    answer = client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_everybody_is_in_one_stage(shop: Shop, client: httpx.Client) -> None:
    people = shop.warehouse.read("SELECT count(*) AS n FROM person")["n"][0].as_py()
    assert sum(asked(client, "/stages")["counts"].values()) == people
    assert asked(client, "/customers")["total"] == people


def test_the_overview_adds_up(client: httpx.Client) -> None:
    seen = asked(client, "/overview")
    for side, way in (("before", "source"), ("after", "target")):
        sums: dict[str, int] = dict.fromkeys(seen[side]["counts"], 0)
        for move in seen["moves"]:
            if move[way] is not None:
                sums[move[way]] += move["n"]
        assert sums == seen[side]["counts"]
    assert seen["months"][-1]["counts"] == seen["after"]["counts"]
    assert seen["months"][-2]["counts"] == seen["before"]["counts"]


def test_a_list_leafs_through_everybody_once(client: httpx.Client) -> None:
    seen: list[int] = []
    page: int | None = 1
    while page:
        answer = asked(client, "/customers", stage="prospect", page=page, size=37)
        seen += [one["customer"] for one in answer["customers"]]
        page = answer["next"]
    assert len(seen) == len(set(seen)) == answer["total"] > 37


def test_the_rule_of_a_stage_holds_for_whom_it_lists(client: httpx.Client) -> None:
    rule = 'stage("transactional") == "dormant"'
    found = asked(client, "/segment", rule=rule, size=1000)
    listed = asked(client, "/customers", stage="dormant", size=1000)
    assert found["count"] == listed["total"] == len(found["customers"])
    assert set(found["sentence"]) == {"en", "fr"}
    assert asked(client, "/segment/history", rule=rule)["total"] >= found["count"]


def test_a_customer_is_explained_by_number_and_by_key(client: httpx.Client) -> None:
    one = asked(client, "/customers", stage="dormant", size=1)["customers"][0]
    by_number = asked(client, "/explain", customer=one["customer"], at="2026-11-22")
    assert by_number == asked(client, "/explain", customer=one["key"], at="2026-11-22")
    now = asked(client, "/explain", customer=one["key"])["why"]
    assert (now["value"], now["since"]) == ("dormant", one["since"])
    assert now["asked"][-1]["truth"] is True


def test_events_are_leafed_from_the_latest_to_the_first(shop: Shop, client: httpx.Client) -> None:
    person = asked(client, "/customers", stage="active", size=1)["customers"][0]["customer"]
    seen: list[str] = []
    mark: str | None = ""
    while mark is not None:
        answer = asked(client, f"/customers/{person}/events", size=3, **({"before": mark} if mark else {}))
        seen += [one["at"] for one in answer["events"]]
        mark = answer["next"]
    count = shop.warehouse.read("SELECT count(*) AS n FROM event WHERE person = ?", (person,))
    assert len(seen) == count["n"][0].as_py()
    assert seen == sorted(seen, reverse=True)


@pytest.mark.parametrize(
    ("path", "params", "said"),
    [
        ("/segment", {"rule": "evr('Order Completed')"}, "evr"),
        ("/segment", {"rule": "count('x' >= 3"}, ""),
        ("/stages", {"model": "transactionnal"}, "transactional"),
        ("/customers", {"stage": "dorment"}, "dormant"),
        ("/customers", {"size": "-1"}, "size"),
        ("/customers", {"size": "1000000000"}, "size"),
        ("/overview", {"month": "2026-13"}, "2026-13"),
        ("/explain", {"customer": "nobody@nowhere"}, "nobody@nowhere"),
        ("/customers/1/events", {"before": "x"}, "x"),
    ],
)
def test_a_mistake_is_answered_with_what_to_mend(
    client: httpx.Client, path: str, params: dict[str, str], said: str
) -> None:
    answer = client.get(path, params=params)
    assert answer.status_code in (400, 404)
    assert said in answer.json()["message"]


def test_a_rule_shows_all_its_problems_with_their_columns(client: httpx.Client) -> None:
    rule = 'evr("Order Completed") and cont("x") >= 2'
    found = client.get("/segment", params={"rule": rule}, headers={"accept-language": "fr"}).json()
    assert [problem["column"] for problem in found["problems"]] == [1, 28, 33]


@pytest.mark.long
@pytest.mark.parametrize("mode", list(GenerationMode))
def test_any_request_is_answered_as_the_document_says(site: str, mode: GenerationMode) -> None:
    schema = schemathesis.openapi.from_url(f"{site}{API}/openapi.json")
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        if operation.path.startswith("/v1/"):
            continue  # the door's: test_document.py
        if mode is GenerationMode.NEGATIVE and not list(operation.iter_parameters()):
            continue  # nothing to ask wrongly

        @settings(max_examples=15, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
        @given(operation.as_strategy(generation_mode=mode))
        def answered(case: schemathesis.Case[Any]) -> None:
            # A line longer than this is turned away on the wire, before anybody knows what it asks for.
            assume(len(urlencode(case.query or {}, doseq=True)) < HEAD // 2)
            # Which models, stages and months there are, no document can say. Nothing is changed: nobody asks.
            inside = BEARER if case.method == "GET" else None
            case.call_and_validate(headers=inside, excluded_checks=[positive_data_acceptance])

        answered()


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("/stages?foo=1", ("“foo”", "model, at, lang")),
        ("/flow?month=2026-03&against=2026-05", ("2026-05", "2026-03")),
        ("/flow?period=30d&month=2026-03", ("`period`", "`against`")),
        ("/stay?period=lately", ("“lately”",)),
    ],
)
def test_a_parameter_that_would_be_passed_over_is_refused(
    client: httpx.Client, path: str, named: tuple[str, ...]
) -> None:
    refused = client.get(path)
    assert refused.status_code == 400
    assert all(one in refused.json()["message"] for one in named)
    assert client.get("/stages?lang=fr").status_code == 200


def test_an_address_that_is_not_there_is_answered_in_json(client: httpx.Client) -> None:
    missing = client.get("/nope")
    assert (missing.status_code, missing.json()["status"]) == (404, 404)
    assert client.get("/openapi.json").json()["openapi"]


@pytest.mark.parametrize(
    "path", ["/", "/customers", "/customers.csv", "/api/v1/stages", "/api/v1/openapi.json"]
)
def test_head_is_get_without_its_body(site: str, path: str) -> None:
    head, got = (httpx.request(verb, site + path, headers=BEARER, timeout=30) for verb in ("HEAD", "GET"))
    assert (head.status_code, head.content) == (got.status_code, b"") == (200, b"")
    assert head.headers["content-type"] == got.headers["content-type"]
