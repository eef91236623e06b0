"""What somebody sends to harm: it keeps nobody else waiting, passes for no event of ours, hides nothing."""

from __future__ import annotations

import json

import pytest

from habitue.ingest.calls.intake import Arrival, commit
from habitue.people import keys
from tests.api.door import NOW, Served, served, track

__all__ = ["served"]


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(track(sentAt=True), id="a time that is true"),
        pytest.param(track(event="Order Completed", properties={"revenue": "1e999999999"}), id="too much"),
        pytest.param(track(event="Order Completed", properties={"revenue": "1e-999999999"}), id="too little"),
        pytest.param(
            track(timestamp="2020-01-01T00:00:00Z", sentAt="8999-01-01T00:00:00Z"), id="a clock ages ahead"
        ),
        pytest.param(track(timestamp="2020-01-01T00:00:00Z", sentAt=-1e14), id="a clock ages behind"),
    ],
)
def test_no_event_keeps_the_others_waiting(served: Served, event: dict[str, object]) -> None:
    assert served.post("track", event, auth=(served.public, "")).json() == {"success": True}
    assert served.post("track", track(messageId="m2", event="Next")).json() == {"success": True}
    assert [row["name"] for row in served.events()] == [event["event"], "Next"]
    assert served.get("/").status_code == 200
    assert served.get("/data/catalogue").status_code == 200


def test_a_defect_of_ours_is_kept_with_its_event_and_the_others_go_on(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = keys.anon_key

    def failing(told: object) -> str | None:
        if told == "bad":
            raise ZeroDivisionError("division by zero")
        return reading(told)

    batch = [track(userId="u1"), track(userId="u2", anonymousId="bad", messageId="m2")]
    served.post("batch", {"batch": batch})
    with monkeypatch.context() as patch:
        patch.setattr(keys, "anon_key", failing)
        assert [row["key"] for row in served.events()] == ["user:u1"]
    [lost] = served.shop.refused()
    assert (lost.code, "division by zero" in str(lost.fields)) == ("unread", True)
    assert served.shop.replay(lost.id, None, NOW) == 1
    assert [row["key"] for row in served.events()] == ["user:u1", "user:u2"]


def test_a_request_that_was_kept_unreadable_is_refused_alone(served: Served) -> None:
    broken = Arrival("s", False, NOW, 1, b'{"batch":[{}],"sent":true}', [])
    commit(served.shop.ops, [broken])
    served.post("track", track())
    assert [row["key"] for row in served.events()] == ["user:u1"]
    assert [one.code for one in served.shop.refused()] == ["unread"]


def test_no_call_is_an_event_of_our_own(served: Served) -> None:
    ours = ("$consent", "$merge", "$split", "$identify", "$score", "$schema")
    batch = [
        track(type="track", event=blank + name) for blank in (" ", "\u00a0", "\u2003 ", "") for name in ours
    ]
    answer = served.post("batch", {"batch": batch}, auth=(served.public, ""))
    assert [one["code"] for one in answer.json()["rejected"]] == ["bad-name"] * 24
    assert served.events() == []


@pytest.mark.parametrize("props", [{"label": "context"}, {"a": {"context": 1}}, {"list": ["context"]}])
def test_a_word_among_the_properties_hides_no_campaign(served: Served, props: dict[str, object]) -> None:
    served.post("track", track(properties=props, context={"campaign": {"source": "x"}}))
    [row] = served.events()
    assert row["props"] == props | {"context": {"campaign": {"source": "x"}}}


def test_a_name_within_the_properties_hides_no_page_s(served: Served) -> None:
    served.post("page", {"userId": "u", "name": "Home", "properties": {"menu": {"name": "Top"}}})
    [row] = served.events()
    assert row["props"]["name"] == "Home"


def test_a_refused_event_keeps_its_kind_whatever_its_properties_are_called(served: Served) -> None:
    served.post("track", {"userId": "u", "event": "", "properties": {"type": "gift"}})
    [lost] = served.shop.refused()
    assert json.loads(lost.body)["type"] == "track"
