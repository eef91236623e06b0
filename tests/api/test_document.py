"""The API's document names the addresses of events too, and they answer as it says."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from tests.api.door import Served, served, track

__all__ = ["served"]

POSITIVE = GenerationMode.POSITIVE
# An event that is wrong is refused alone, in an answer that takes the others: no document can say which.
LENIENT: list[Any] = [positive_data_acceptance, negative_data_rejection]


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_whatever_is_sent_is_answered_as_the_document_says(served: Served, mode: GenerationMode) -> None:
    schema = schemathesis.openapi.from_url(f"{served.url}/api/v1/openapi.json")
    asked = 0
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        if not operation.path.startswith("/v1/") or (operation.method == "get" and mode is not POSITIVE):
            continue  # of a path there is no text that is no text

        @settings(max_examples=10, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
        @given(operation.as_strategy(generation_mode=mode))
        def answered(case: schemathesis.Case[Any]) -> None:
            case.call_and_validate(auth=(served.key, ""), excluded_checks=LENIENT)

        answered()
        asked += 1
    assert asked == (9 if mode is POSITIVE else 8)
    served.shop.refresh()


def test_an_event_as_the_document_has_it_is_taken(served: Served) -> None:
    document = httpx.get(f"{served.url}/api/v1/openapi.json").json()
    schema = document["paths"]["/v1/track"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    event = track(timestamp="2026-11-22T14:48:00Z", properties={"a": 1})
    assert set(event) <= set(schema["properties"])
    assert served.post("track", json.dumps(event).encode()).status_code == 200
