"""Events of the Segment protocol: what is taken, what is refused and why, and that nothing is lost between.

The numbers are those of the list of bad inputs that the product promises to stand.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from habitue.ingest import inbox
from habitue.ingest.calls.protocol import FAULTS
from habitue.kernel.clock import DAY, instant
from habitue.kernel.errors import UserError
from habitue.store import refused
from tests.api.door import NOW, Served, served, track

__all__ = ["served"]

DEEP = b'{"a":[' * 1_000 + b"]}" * 1_000
LARGE = json.dumps(track(properties={"a": "x" * 32_769})).encode()


@pytest.mark.parametrize(
    ("event", "code"),
    [
        pytest.param(b'{"type":"track","event":"a\\u0000b","userId":"u"}', "bad-name", id="9 NUL in a name"),
        pytest.param(track(userId=""), "nobody", id="18 empty id"),
        pytest.param(track(userId=" "), "nobody", id="18 blank id"),
        pytest.param(track(userId=True), "nobody", id="18 truth as id"),
        pytest.param(track(userId=["a"]), "bad-id", id="18 list as id"),
        pytest.param(track(userId={}), "bad-id", id="18 object as id"),
        pytest.param(track(userId=1.5), "bad-id", id="18 fraction as id"),
        pytest.param(track(userId="a\u202eb"), "bad-id", id="19 invisible sign in an id"),
        pytest.param(track(userId="x" * (1 << 20)), "event-large", id="18 1 MB id"),
        pytest.param(track(userId="x" * 300), "bad-id", id="18 long id"),
        pytest.param(track(userId="undefined"), "nobody", id="18 undefined"),
        pytest.param(track(userId="[object Object]"), "nobody", id="18 object"),
        pytest.param(track(userId="Anonymous"), "nobody", id="18 anonymous"),
        pytest.param(track(userId="00000000-0000-0000-0000-000000000000"), "nobody", id="18 zeros"),
        pytest.param(track(messageId=5), "bad-message", id="20 number as message id"),
        pytest.param(track(messageId={}), "bad-message", id="20 object as message id"),
        pytest.param(track(messageId="x" * (1 << 14)), "bad-message", id="20 long message id"),
        pytest.param(track(timestamp="0000-00-00"), "bad-time", id="21 zeros"),
        pytest.param(track(timestamp="2026-02-30"), "bad-time", id="21 30 February"),
        pytest.param(track(timestamp="9999-01-01"), "bad-time", id="21 year 9999"),
        pytest.param(track(timestamp="-001-01-01"), "bad-time", id="21 year -1"),
        pytest.param(track(timestamp="2026-01-01T00:00:00+25:00"), "bad-time", id="21 zone +25:00"),
        pytest.param(track(timestamp="1e400"), "bad-time", id="21 text"),
        pytest.param(track(timestamp={}), "bad-time", id="21 object"),
        pytest.param(track(timestamp=[[1] * 9]), "bad-time", id="21 list"),
        pytest.param(track(event=""), "no-name", id="22 no name"),
        pytest.param(track(event=5), "no-name", id="22 number as name"),
        pytest.param(track(event="x" * 10_000), "bad-name", id="22 10 KB name"),
        pytest.param(track(event="$identify"), "bad-name", id="22 a name of ours"),
        pytest.param(LARGE, "event-large", id="25 large event"),
        pytest.param(track(type="batch", batch=[track()]), "no-type", id="26 nested batch"),
        pytest.param(track(type=None), "no-type", id="no type"),
        pytest.param(track(type={}), "no-type", id="object as type"),
        pytest.param(
            b'{"type":"track","event":"Seen","userId":"u","a":%s}' % DEEP, "too-deep", id="14 deep event"
        ),
        pytest.param(
            b'{"type":"track","event":"a]\\"[","userId":%s}' % DEEP,
            "too-deep",
            id="14 deep id beside brackets",
        ),
        pytest.param(track(properties=[1]), "no-properties", id="properties are a list"),
        pytest.param({"type": "group", "userId": "u"}, "no-group", id="group of nothing"),
        pytest.param(
            {"type": "alias", "userId": "u", "previousId": ""}, "no-previous", id="32 alias of nothing"
        ),
        pytest.param(5, "no-object", id="a number"),
    ],
)
def test_a_bad_event_is_refused_alone_and_can_be_mended(served: Served, event: object, code: str) -> None:
    raw = event if isinstance(event, bytes) else json.dumps(event).encode()
    answer = served.post("batch", b'{"batch":[%s,%s]}' % (raw, json.dumps(track(userId="good")).encode()))
    assert answer.status_code == 200
    assert [(one["index"], one["code"]) for one in answer.json()["rejected"]] == [(0, code)]
    assert [row["key"] for row in served.events()] == ["user:good"]
    [lost] = served.shop.refused()
    assert (lost.code, lost.source) == (code, "s")
    mended = json.dumps(track(userId="mended", messageId="m2")).encode()
    assert served.shop.replay(lost.id, mended, NOW) == 1
    assert served.shop.refused() == []
    assert [row["key"] for row in served.events()] == ["user:good", "user:mended"]


@pytest.mark.parametrize(
    "wrong",
    [
        b'"backfill":1',
        b'"writeKey":1',
        b'"sentAt":{}',
        b'"sentAt":1e400',
        b'"sentAt":%s' % DEEP,
        b'"x":%s' % DEEP,
    ],
    ids=["backfill", "key", "sent", "sent beyond all", "sent deep", "deep"],
)
def test_a_wrong_field_beside_the_events_is_passed_over(served: Served, wrong: bytes) -> None:
    events = json.dumps([track(userId=f"u,{n}", messageId=f"m{n}") for n in range(3)]).encode()
    body = b' {"batch" : %s , %s}' % (events, wrong)
    assert served.post("batch", body, auth=None).status_code == 401
    assert served.post("batch", body).json() == {"success": True}
    assert [row["key"] for row in served.events()] == ["user:u,0", "user:u,1", "user:u,2"]
    assert [row.history for row in inbox.waiting(served.shop.ops)] == []


def test_what_stands_beside_a_deep_event_counts_all_the_same(served: Served) -> None:
    body = b'{"writeKey":"%s","batch":[{"a":%s},%s],"sentAt":"2026-11-22T15:48:00Z","backfill":true}'
    good = json.dumps(track(timestamp="2026-11-22T15:38:00Z")).encode()
    answer = served.post("batch", body % (served.key.encode(), DEEP, good), auth=None)
    assert [(one["index"], one["code"]) for one in answer.json()["rejected"]] == [(0, "too-deep")]
    assert [row.history for row in inbox.waiting(served.shop.ops)] == [True]
    assert [row["ts"] for row in served.events()] == [instant("2026-11-22T14:38")]


def test_of_a_request_that_is_not_kept_whole_it_is_said_that_it_can_t_be_taken_again(served: Served) -> None:
    events = [track(messageId=f"m{n}") for n in range(2_501)]
    answer = served.post("batch", {"batch": events})
    assert (answer.status_code, "fewer at a time" in answer.json()["error"]) == (400, True)
    [lost] = served.shop.refused()
    for mended in (None, lost.body, lost.body.replace(b" ", b"\r\n")):
        with pytest.raises(UserError, match="only the first 65536 bytes are kept"):
            served.shop.replay(lost.id, mended, NOW)
    with pytest.raises(UserError, match="not JSON"):
        served.shop.replay(lost.id, b"{", NOW)
    assert served.shop.replay(lost.id, json.dumps(track()).encode(), NOW) == 1


def test_what_is_mended_late_keeps_its_instant_and_makes_nobody_wait(served: Served) -> None:
    served.post("batch", {"batch": [{"type": "track", "userId": "u"}]})
    [lost] = served.shop.refused()
    later = NOW + 9 * DAY
    mended = {"type": "track", "userId": "u", "event": "Seen"}
    assert served.shop.replay(lost.id, json.dumps(mended).encode(), later) == 1
    assert served.shop.behind(later).since == 0
    assert [row["ts"] for row in served.events()] == [NOW]


@pytest.mark.parametrize(
    ("event", "found"),
    [
        pytest.param(b'\xef\xbb\xbf{"userId":"u","event":"Seen"}', {}, id="6 BOM"),
        pytest.param(b'{"userId":"u","event":"Seen","properties":{"a":"\\u0000"}}', {"a": "\0"}, id="9 NUL"),
        pytest.param(b'{"userId":"u","event":"Seen","properties":{"a":-0}}', {"a": 0}, id="11 minus zero"),
        pytest.param(
            b'{"userId":"u","event":"Seen","properties":{"a":9007199254740993,"b":9223372036854775808}}',
            {"a": 9007199254740993, "b": 9223372036854775808},
            id="12 large numbers",
        ),
        pytest.param(b'{"userId":"x","userId":"u","event":"Seen"}', {}, id="13 the last of two counts"),
        pytest.param(
            json.dumps(track(userId="u", properties={str(n): 1 for n in range(3000)})).encode(),
            {str(n): 1 for n in range(3000)},
            id="15 many keys",
        ),
        pytest.param(
            json.dumps(
                track(userId="u", properties=dict.fromkeys(("", "k" * 10000, *".$['\"", "__proto__"), 1))
            ).encode(),
            dict.fromkeys(("", "k" * 10000, *".$['\"", "__proto__"), 1),
            id="16 17 odd keys",
        ),
        pytest.param(json.dumps(track(userId="u", event="Robert'); DROP TABLE--")).encode(), {}, id="22 SQL"),
    ],
)
def test_odd_events_are_taken_as_they_are(served: Served, event: bytes, found: dict[str, object]) -> None:
    assert served.post("track", event).json() == {"success": True}
    [row] = served.events()
    assert (row["key"], row["props"]) == ("user:u", found)


@pytest.mark.parametrize("raw", [b'{"a":1e400}', b'{"a":%s}' % (b"9" * 5000)])
def test_what_only_the_loader_finds_out_is_kept_with_the_reason(served: Served, raw: bytes) -> None:
    """11, 12: numbers beyond all. The others of the request count; trying again buries nothing twice."""
    body = b'{"batch":[{"type":"track","userId":"u","event":"Bad","properties":%s},%s]}'
    assert served.post("batch", body % (raw, json.dumps(track()).encode())).json() == {"success": True}
    assert len(list(inbox.waiting(served.shop.ops))) == 1
    assert [row["name"] for row in served.events()] == ["Seen"]
    assert [one.code for one in served.shop.refused()] == ["no-json"]


@pytest.mark.parametrize("letter", ["\\ud800", "\\udc00", "\\uD83D", "\\\\ud800", "\\ud83d\\ude00"])
def test_10_half_a_letter_is_replaced_and_spoils_nothing(served: Served, letter: str) -> None:
    body = b'{"batch":[{"type":"track","userId":"u","event":"Half","properties":{"a":"x%s"}}]}'
    assert served.post("batch", body % letter.encode()).json() == {"success": True}
    found = {"\\\\ud800": "x\\ud800", "\\ud83d\\ude00": "x\U0001f600"}.get(letter, "x\ufffd")
    assert [row["props"] for row in served.events()] == [{"a": found}]


def test_one_name_in_every_spelling_is_one_person(served: Served) -> None:
    """19: composed and not, capitals, blanks; what can't be seen is no other person's name."""
    for word in ("Zoé", "Zoe\u0301", " zoé ", "ZOÉ"):
        assert served.post("track", track(userId=word, messageId=word)).status_code == 200
    assert {row["key"] for row in served.events()} == {"user:zoé"}


def test_what_can_t_be_seen_is_no_part_of_an_id_but_joins_pictures(served: Served) -> None:
    """19: the mark that turns the direction of writing, and a family."""
    family = "\N{MAN}\u200d\N{WOMAN}\u200d\N{GIRL}"
    answers = [served.post("track", track(userId=word, messageId=word)) for word in ("a\u202eb", family)]
    assert [answer.status_code for answer in answers] == [400, 200]
    assert [row["key"] for row in served.events()] == [f"user:{family}"]


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ("2026-11-22T14:00:00Z", "2026-11-22T14:00:00Z"),
        ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z"),
        (1767225600000, "2026-01-01T00:00:00Z"),
        (1767225600, "2026-01-01T00:00:00Z"),
        ("2016-11-22T14:48:00+01:00", "2016-11-22T13:48:00Z"),
        ("2036-11-22T14:48:00Z", "2026-11-22T14:48:00Z"),
        (None, "2026-11-22T14:48:00Z"),
    ],
)
def test_an_event_happened_when_its_sender_says_but_never_after_now(
    served: Served, told: object, found: str
) -> None:
    """21: seconds that leap, numbers, ten years before and after."""
    served.post("track", track(timestamp=told))
    assert [row["ts"] for row in served.events()] == [instant(found)]


def test_a_clock_that_goes_wrong_is_put_right_by_when_it_sent(served: Served) -> None:
    sent = {"sentAt": "2026-11-22T15:48:00Z"}
    served.post("batch", {"batch": [track(timestamp="2026-11-22T15:38:00Z")]} | sent)
    assert [row["ts"] for row in served.events()] == [instant("2026-11-22T14:38")]


def test_an_event_counts_once_however_often_and_however_it_is_sent(served: Served) -> None:
    """20: and one source's message id is not another's."""
    many = [track(messageId=f"m{n % 20}", userId=f"u{n % 20}") for n in range(100)]
    with ThreadPoolExecutor(8) as pool:
        sent = list(pool.map(lambda one: served.post("track", one).status_code, many))
        sent += pool.map(lambda _: served.post("batch", {"batch": many}).status_code, range(4))
    assert set(sent) == {200}
    assert len(served.events()) == 20
    served.post("batch", {"batch": many})
    served.post("batch", {"batch": many[:20]}, auth=(served.public, ""))
    assert len(served.events()) == 40


def test_events_without_a_message_id_all_count(served: Served) -> None:
    one = {"type": "track", "userId": "u", "event": "Seen"}
    served.post("batch", {"batch": [one, one]})
    served.post("track", one)
    assert len(served.events()) == 3


def test_the_first_of_two_with_one_message_id_counts_and_the_other_is_there_to_be_seen(
    served: Served,
) -> None:
    for total in (10, 20, 10):
        event = track(event="Order Completed", properties={"revenue": total})
        assert served.post("track", event).status_code == 200
    assert [row["revenue"] for row in served.events()] == [1000]
    kept = refused.latest(served.shop.ops, 10)
    assert [(one.code, json.loads(one.body)["properties"]) for one in kept] == [("differs", {"revenue": 20})]
    metrics = httpx.get(f"{served.url}/metrics").text
    assert 'habitue_refused_events{reason="differs"} 1' in metrics


def test_what_differs_is_seen_within_a_request_and_after_it_was_loaded(served: Served) -> None:
    served.post("batch", {"batch": [track(), track(event="Bought")]})
    assert [row["name"] for row in served.events()] == ["Seen"]
    served.post("track", track(event="Left", userId="u2"))
    assert [row["name"] for row in served.events()] == ["Seen"]
    assert [json.loads(one.body)["event"] for one in refused.latest(served.shop.ops, 9)] == ["Left", "Bought"]


def test_a_call_sent_again_is_no_contradiction_though_its_clock_is_put_right_anew(served: Served) -> None:
    for sent in ("14:00:00.000Z", "14:00:00.250Z"):
        body = {"batch": [track(timestamp="2026-11-22T13:59:00Z")], "sentAt": f"2026-11-22T{sent}"}
        assert served.post("batch", body).status_code == 200
    assert len(served.events()) == 1
    assert refused.counts(served.shop.ops) == {}


def test_one_message_id_of_two_sources_is_two_events(served: Served) -> None:
    served.post("track", track())
    served.post("track", track(), auth=(served.public, ""))
    assert len(served.events()) == 2


@pytest.mark.parametrize(
    ("name", "properties", "revenue"),
    [
        ("Order Completed", {"revenue": 12.5}, 1250),
        ("Order Completed", {"total": "12.50", "currency": "eur"}, 1250),
        ("Order Completed", {"revenue": 12.5, "currency": "USD"}, None),
        ("Order Completed", {"revenue": "many"}, None),
        ("Order Completed", {"revenue": 1e300}, None),
        ("Order Completed", {"revenue": [1]}, None),
        ("Order Refunded", {"total": 3}, -300),
        ("Order Refunded", {"total": -3}, -300),
        ("Product Viewed", {"revenue": 3}, None),
    ],
)
def test_money_is_counted_where_it_is_sure(
    served: Served, name: str, properties: dict[str, object], revenue: int | None
) -> None:
    served.post("track", track(event=name, properties=properties))
    assert [row["revenue"] for row in served.events()] == [revenue]


def test_what_is_kept_of_the_context_names_nobody(served: Served) -> None:
    context = {
        "ip": "203.0.113.7",
        "userAgent": "Mozilla",
        "campaign": {"source": "letter", "medium": "email"},
        "page": {"path": "/x", "referrer": "https://example.com/"},
    }
    served.post("track", track(context=context, properties={"a": 1}))
    served.post("track", track(context=context, messageId="m2"))
    kept = {name: context[name] for name in ("campaign", "page")}
    assert [row["props"] for row in served.events()] == [{"a": 1, "context": kept}, {"context": kept}]


def test_history_triggers_nothing(served: Served) -> None:
    served.post("import", {"batch": [track(userId="old")]})
    served.post("batch", {"batch": [track(userId="flagged", messageId="m2")], "backfill": True})
    served.post("batch", {"batch": [track(userId="new", messageId="m3")]})
    rows = list(inbox.waiting(served.shop.ops))
    assert [(row.table["key"][0].as_py(), row.history) for row in rows] == [
        ("user:old", True),
        ("user:flagged", True),
        ("user:new", False),
    ]


def test_a_browser_s_claims_join_nobody(served: Served) -> None:
    traits = {"email": "A@b.fr", "phone": "06 12 34 56 78"}
    body = {"userId": "u", "anonymousId": "a", "traits": traits}
    served.post("identify", body)
    served.post("identify", body, auth=(served.public, ""))
    found = [
        row.table["also"][0].as_py() for row in inbox.waiting(served.shop.ops, served.shop.settings.terms)
    ]
    assert found == [["email:a@b.fr", "phone:+33612345678", "anon:a"], ["anon:a"]]


def test_a_browser_s_alias_joins_no_two_customers(served: Served) -> None:
    body = {"userId": "new", "previousId": "victim"}
    served.post("alias", body)
    served.post("alias", body, auth=(served.public, ""))
    found = [row.table["also"][0].as_py() for row in inbox.waiting(served.shop.ops)]
    assert found == [["user:victim", "anon:victim"], ["anon:victim"]]


def test_an_id_that_is_an_address_is_the_same_person_as_in_a_file(served: Served) -> None:
    served.post("track", track(userId="Ada@Example.com"))
    assert [row["key"] for row in served.events()] == ["email:ada@example.com"]


def test_an_event_may_be_dropped_and_is_not_asked_about_again(served: Served) -> None:
    served.post("batch", {"batch": [track(userId="undefined")]})
    [lost] = served.shop.refused()
    assert refused.counts(served.shop.ops) == {"nobody": 1}
    served.shop.drop(lost.id, NOW)
    assert served.shop.refused() == []


def test_every_fault_can_be_said() -> None:
    assert all(FAULTS.values())


def test_23_a_trait_may_be_of_another_type_each_time(served: Served) -> None:
    said = [1, "1", [1, "1"], {"a": 1}, None, True]
    batch = [track(type="identify", messageId=f"m{n}", traits={"size": one}) for n, one in enumerate(said)]
    assert served.post("batch", {"batch": batch}).json() == {"success": True}
    served.shop.refresh(NOW)
    found = served.shop.warehouse.read("SELECT name, value FROM trait ORDER BY seq, name")
    names = ["trait.size"] * 3 + ["trait.size.a"] + ["trait.size"] * 2
    values = ["1", '"1"', '[1,"1"]', "1", "null", "true"]
    assert list(zip(*found.to_pydict().values(), strict=True)) == list(zip(names, values, strict=True))
    assert served.shop.segment("trait.size == True").count(NOW) == 1


@pytest.mark.parametrize("email", [["a@b.fr"], {"home": "a@b.fr"}, 7, True, "", None, "a@b.fr,c@d.fr"])
def test_24_what_is_no_address_joins_nobody(served: Served, email: object) -> None:
    for user in ("u1", "u2"):
        event = track(type="identify", userId=user, messageId=user, traits={"email": email})
        assert served.post("identify", event).status_code == 200
    assert [row["key"] for row in served.events()] == ["user:u1", "user:u2"]
    assert served.shop.warehouse.read("SELECT * FROM merged").num_rows == 0


def test_33_a_thousand_at_once_that_join_the_same_two_keys_join_them_once(served: Served) -> None:
    with httpx.Client(base_url=served.url, auth=(served.key, "")) as client, ThreadPoolExecutor(20) as many:

        def join(number: int) -> int:
            event = track(messageId=f"m{number}", anonymousId="a1", traits={"email": "A@b.fr"})
            return client.post("/v1/identify", json=event).status_code

        assert set(many.map(join, range(1_000))) == {200}
    assert {row["key"] for row in served.events()} == {"user:u1"}
    assert len(served.events()) == 1_000
    assert served.shop.warehouse.read("SELECT DISTINCT person FROM event").num_rows == 1
    assert served.shop.warehouse.read("SELECT * FROM claim").num_rows == 2
