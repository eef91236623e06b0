"""Requests to the Segment protocol: what is read, what is refused whole, who is let in.

The numbers are those of the list of bad inputs that the product promises to stand.
"""

from __future__ import annotations

import gzip
import socket
from urllib.parse import urlsplit

import httpx
import pytest

from habitue.ingest import inbox
from habitue.store.failure import DiskFull
from tests.api.door import NOW, Served, served, track

__all__ = ["served"]

DEEP = b"[" * 100_000
DEPTH = b"[" * 2_000 + b"]" * 2_000


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param(b"", "empty", id="1 empty"),
        pytest.param(b"null", "no-object", id="2 null"),
        pytest.param(b"[]", "no-object", id="3 list"),
        pytest.param(b'"x"', "no-object", id="4 text"),
        pytest.param(b'{"batch":[{"type":"tra', "no-json", id="5 truncated"),
        pytest.param('{"batch":[]}'.encode("utf-16"), "no-text", id="7 UTF-16"),
        pytest.param(b'{"batch":[{"event":"\xff"}]}', "no-text", id="8 invalid UTF-8"),
        pytest.param(b'{"batch":[{"properties":{"a":NaN}}]}', "no-json", id="11 NaN"),
        pytest.param(b'{"batch":[{"properties":{"a":Infinity}}]}', "no-json", id="11 Infinity"),
        pytest.param(b'{"batch":' + DEEP, "too-deep", id="14 deep"),
        pytest.param(b'{"batch":[{"properties":' + DEEP, "too-deep", id="14 deep below an event"),
        pytest.param(b'{"batch":"x"}', "no-object", id="batch is no list"),
        pytest.param(b'{"batch":[' + b"{}," * 2500 + b"{}]}", "many", id="26 more than 2,500"),
        pytest.param(b'{"batch":[%s]}' % (DEPTH + b",1" * 1_000_000), "many", id="14 26 deep and many"),
        pytest.param(b"x" * (4 << 20) + b"x", "request-large", id="25 more than 4 MB"),
    ],
)
def test_a_request_that_nobody_can_read_is_refused_whole_and_kept(
    served: Served, body: bytes, code: str
) -> None:
    answer = served.post("batch", body)
    assert (answer.status_code, answer.json()["success"]) == (400, False)
    assert answer.json()["error"]
    assert inbox.count(served.shop.ops) == 0
    # What is too large is not read at all, and of nothing there is nothing to keep.
    assert [one.code for one in served.shop.refused()] == (
        [] if code in ("request-large", "empty") else [code]
    )


@pytest.mark.parametrize(
    ("body", "read"),
    [(b'{"batch":[{"type":"tra', 22), (b'{"batch":[{"a":NaN}]}', 15), (b'{"batch":[],,}', 12)],
)
def test_where_json_can_t_be_read_on_is_said_in_words_of_ours(served: Served, body: bytes, read: int) -> None:
    for language, words in (("en", f"after {read} bytes"), ("fr", f"après {read} octets")):
        said = served.post("batch", body, headers={"accept-language": language}).json()["error"]
        assert words in said
        assert "malformed" not in said


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        pytest.param(gzip.compress(b'{"batch":[]}'), {"content-encoding": "gzip"}, 200, id="gzip"),
        pytest.param(gzip.compress(b'{"batch":[]}'), {}, 200, id="gzip without a word"),
        pytest.param(gzip.compress(b'{"batch":[]}')[:-9], {"content-encoding": "gzip"}, 400, id="cut short"),
        pytest.param(b'{"batch":[]}', {"content-encoding": "gzip"}, 400, id="no gzip"),
        pytest.param(gzip.compress(gzip.compress(b"{}")), {"content-encoding": "gzip"}, 400, id="gzip twice"),
        pytest.param(gzip.compress(b" " * (10 << 20)), {"content-encoding": "gzip"}, 400, id="bomb"),
        pytest.param(b'{"batch":[]}', {"content-type": "text/plain"}, 200, id="29 text/plain"),
        pytest.param(b'{"batch":[]}', {"content-type": "image/png; x"}, 200, id="29 any type"),
        pytest.param(b'{"batch":[]}', {"expect": "100-continue"}, 200, id="27 expect"),
    ],
)
def test_28_a_body_is_unpacked_whatever_it_says_of_itself(
    served: Served, body: bytes, headers: dict[str, str], status: int
) -> None:
    assert served.post("batch", body, headers=headers).status_code == status


@pytest.mark.parametrize(
    "header",
    [
        "Basic :",
        "Basic Og==",
        "Basic bm9ib2R5",
        "Basic ***",
        "Bearer x",
        "Basic",
        "Basic " + "x" * 60_000,
        "Basic é",
    ],
)
def test_31_a_key_that_is_none_lets_nobody_in(served: Served, header: str) -> None:
    answer = served.post("track", track(), auth=None, headers={"authorization": header.encode()})
    assert answer.status_code in (400, 401, 431)
    assert inbox.count(served.shop.ops) == 0


def test_30_the_header_s_key_counts_before_the_body_s(served: Served) -> None:
    assert served.post("track", track(writeKey=served.public), auth=("no", "")).status_code == 401
    assert served.post("track", track(writeKey="no")).status_code == 200
    assert served.post("track", track(writeKey=served.public), auth=None).status_code == 200
    assert served.post("track", track(), auth=None).status_code == 401
    assert served.post(f"track?writeKey={served.key}", track(), auth=None).status_code == 401


@pytest.mark.parametrize(
    "wire",
    [
        b"POST /v1/track HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n{}",
        b"POST /v1/track HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /v1/track HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
        b"POST /v1/track HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"POST /v1/track HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_27_a_request_that_contradicts_itself_is_refused(served: Served, wire: bytes) -> None:
    place = urlsplit(served.url)
    with socket.create_connection((place.hostname or "", place.port or 0)) as line:
        line.sendall(wire)
        line.shutdown(socket.SHUT_WR)
        status = line.recv(64).split(b" ")[1:2]
    assert status in ([b"400"], [b"401"], [])
    assert served.post("track", track()).status_code == 200


def test_every_address_of_the_protocol_takes_its_kind(served: Served) -> None:
    """The long paths, the browser's short ones, and the types that the body need not say."""
    who = {"userId": "u", "anonymousId": "a"}
    sent: dict[str, dict[str, object]] = {
        "track": {"event": "Seen"},
        "identify": {"traits": {"plan": "pro"}},
        "page": {"name": "Home"},
        "screen": {"name": "Start"},
        "group": {"groupId": "acme", "traits": {"size": 5}},
        "alias": {"previousId": "old"},
    }
    for kind, more in sent.items():
        assert served.post(kind, who | more).json() == {"success": True}
        assert served.post(kind[0], who | more).json() == {"success": True}
    found = served.events()
    names = ("Seen", "$identify", "Page Viewed", "Screen Viewed", "$group", "$alias")
    assert [row["name"] for row in found] == [name for name in names for _ in range(2)]
    assert found[4]["props"] == {"name": "Home"}
    assert found[8]["account"] == "account:acme"


def test_browsers_from_anywhere_may_write_but_bring_no_cookies(served: Served) -> None:
    asked = httpx.options(f"{served.url}/v1/t", headers={"origin": "https://shop.example"})
    sent = served.post("t", track(), headers={"origin": "https://shop.example"})
    for answer in (asked, sent):
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in answer.headers
        assert "set-cookie" not in answer.headers


def test_a_browser_s_sdk_is_told_where_to_send(served: Served) -> None:
    told = httpx.get(f"{served.url}/v1/projects/{served.public}/settings").json()
    own = told["integrations"]["Segment.io"]
    assert own["apiKey"] == served.public
    assert f"{own['protocol']}://{own['apiHost']}" == f"{served.url}/v1"
    assert httpx.get(f"{served.url}/v1/projects/nobody/settings").status_code == 404


def test_head_of_the_settings_is_get_without_its_body(served: Served) -> None:
    for key, status in ((served.public, 200), ("nobody", 404)):
        address = f"{served.url}/v1/projects/{key}/settings"
        head, got = (httpx.request(verb, address) for verb in ("HEAD", "GET"))
        assert (head.status_code, head.content) == (got.status_code, b"") == (status, b"")
        assert head.headers["content-length"] == got.headers["content-length"]


@pytest.mark.parametrize(("method", "word", "status"), [("GET", "track", 405), ("POST", "nothing", 404)])
def test_what_is_no_address_is_said(served: Served, method: str, word: str, status: int) -> None:
    answer = httpx.request(method, f"{served.url}/v1/{word}", headers={"accept-language": "fr"})
    assert (answer.status_code, answer.json()["success"]) == (status, False)
    assert "Envoyez" in answer.text or "rien ici" in answer.text


def test_a_closed_source_is_not_let_in(served: Served) -> None:
    served.shop.close_source("b", NOW)
    assert served.post("track", track(), auth=(served.public, "")).status_code == 401


def test_a_full_house_says_when_to_come_again(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("habitue.ingest.calls.intake.Intake.offer", lambda *_: None)
    answer = served.post("track", track())
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")


def test_while_the_inbox_is_full_senders_are_put_off_unread(served: Served) -> None:
    assert served.post("track", track()).status_code == 200
    served.door._intake._most = 0  # from here on what waits is too much
    answers = [served.post("track", b"{", headers={"accept-language": "fr"}) for _ in range(3)]
    assert [one.status_code for one in answers] == [429] * 3
    rests = [one.headers["retry-after"] for one in answers]
    assert len({*rests}) == 3
    assert all(rest in one.json()["error"] for rest, one in zip(rests, answers, strict=True))
    assert len(served.events()) == 1
    served.door._intake._look()
    assert served.post("track", track(messageId="m2")).status_code == 200
    assert len(served.events()) == 2


def test_a_request_larger_than_the_room_is_taken_when_nothing_else_waits(served: Served) -> None:
    served.door._intake._room = 10
    assert served.post("track", track()).status_code == 200


def test_a_store_that_is_down_is_no_success(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise DiskFull("here")

    monkeypatch.setattr("habitue.ingest.calls.intake.commit", full)
    answer = served.post("track", track())
    assert (answer.status_code, answer.json()["success"]) == (503, False)
    assert int(answer.headers["retry-after"]) > 0


def test_whatever_goes_wrong_in_one_commit_the_next_is_served(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    def odd(*_: object) -> None:
        raise LookupError("odd")

    with monkeypatch.context() as patched:
        patched.setattr("habitue.ingest.calls.intake.commit", odd)
        assert served.post("track", track()).status_code == 503
    assert served.post("track", track()).json() == {"success": True}
    assert len(served.events()) == 1


def test_a_key_that_can_t_be_looked_up_is_not_called_unknown(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_: object) -> None:
        raise DiskFull("here")

    monkeypatch.setattr("habitue.ingest.calls.sources.open_", down)
    answer = served.post("track", track())
    assert (answer.status_code, answer.json()["success"]) == (503, False)
