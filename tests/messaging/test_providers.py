"""Each provider asks and understands as its documentation has it: `providers/*.json` are taken from there.

One contract for all of them: what is asked, what each answer means, what is believed of what is told later.
"""

from __future__ import annotations

import hmac
import json
import re
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from functools import cache
from hashlib import sha1, sha256
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from habitue.kernel.clock import SECOND
from habitue.kernel.errors import UserError
from habitue.messaging import registry
from habitue.messaging.channel import Letter
from habitue.messaging.kinds import ses
from habitue.messaging.registry import Kind, kinds
from habitue.messaging.report import Call, Forged, Unread
from tests.messaging.counter import Heard, Window, window

FOLDER: Final = Path(__file__).parent / "providers"
NAMES: Final = sorted(path.stem for path in FOLDER.glob("*.json"))
MARK: Final = "17.0123456789abcdef0123"
NOON: Final = int(datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp())
LATER: Final = (NOON + 60) * SECOND


@cache
def recorded(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_text())


def kind(name: str) -> Kind:
    return kinds()[name]


def settings(name: str) -> Any:
    return msgspec.convert(recorded(name)["settings"], kind(name).settings)


def letter(name: str) -> Letter:
    if kind(name).channel == "sms":
        return Letter(17, "+33612345678", MARK, "", "", "Thé noir", {}, True, None, NOON * SECOND)
    words = "Thé, « noir »", "<p>Voilà</p>", "Voilà"
    return Letter(17, "ada@café.fr", MARK, *words, {}, True, "https://crm.shop.fr/u/1", NOON * SECOND)


@pytest.fixture(scope="module")
def desk() -> Iterator[Window]:
    with window() as made:
        yield made


def body(told: Mapping[str, Any]) -> bytes:
    return str(told["text"]).encode() if "text" in told else json.dumps(told["body"]).encode()


@pytest.mark.parametrize("name", NAMES)
def test_what_is_asked_is_what_the_provider_documents(name: str, desk: Window) -> None:
    wanted = recorded(name)["request"]
    first = recorded(name)["answers"][0]
    desk.heard.clear()
    desk.answers = [(first["status"], {}, body(first))]
    way = kind(name).opened(settings(name), desk.url)
    session, begun = way.connect(), list[int]()
    for _ in range(2):
        assert session.hand(letter(name), lambda: begun.append(len(desk.heard))).state == "sent"
    session.close()
    assert begun == [0, 1]
    one, other = desk.heard
    assert (one.path, one.body, one.port) == (wanted["path"], other.body, other.port)
    assert {key: one.head.get(key) for key in wanted["head"]} == wanted["head"]
    said, mail = understood(one)
    if "body" in wanted:
        part = said.pop(wanted["mail"]) if "mail" in wanted else None
        assert said == wanted["body"]
        mail = b64decode(part["Raw"]["Data"]) if part else b""
    if "form" in wanted:
        assert said == wanted["form"]
    if "mail" in wanted:
        found = message_from_bytes(mail, policy=policy.default)
        assert str(found["message-id"]) == f"<{MARK}@shop.fr>"
        assert str(found["list-unsubscribe"]) == "<https://crm.shop.fr/u/1>"
        plain = found.get_body(("plain",))
        assert plain is not None
        assert plain.get_content().strip() == "Voilà"


def understood(one: Heard) -> tuple[dict[str, Any], bytes]:
    """The fields of a question, and the file that comes with them."""
    form = one.head["content-type"]
    if form.startswith("multipart/"):
        whole = message_from_bytes(f"content-type: {form}\r\n\r\n".encode() + one.body, policy=policy.HTTP)
        parts: dict[str, Any] = {}
        for part in whole.iter_parts():
            parts[str(part.get_param("name", header="content-disposition"))] = part
        mail = parts.pop("message").get_payload(0).as_bytes()
        return {key: part.get_payload() for key, part in parts.items()}, mail
    if form.startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(one.body.decode(), strict_parsing=True)), b""
    return json.loads(one.body), b""


@pytest.mark.parametrize("name", NAMES)
def test_each_answer_means_what_the_provider_says(name: str, desk: Window) -> None:
    way = kind(name).opened(settings(name), desk.url)
    session = way.connect()
    for one in recorded(name)["answers"]:
        desk.answers = [(one["status"], one.get("head", {}), body(one))]
        found = session.hand(letter(name), lambda: None)
        wanted = one["state"], one.get("dead", False), one.get("reference"), one["state"] == "unknown"
        assert (found.state, found.dead, found.reference, found.rest) == wanted, one
        assert found.wait == (one["wait"] * SECOND if "wait" in one else None)
    desk.answers = [None]
    lost = session.hand(letter(name), lambda: None)
    assert (lost.state, lost.rest) == ("unknown", True)
    assert session.hand(letter(name)._replace(to="nobody"), lambda: None).dead
    session.close()
    away = kind(name).opened(settings(name), "http://127.0.0.1:9")
    assert away.connect().hand(letter(name), lambda: None).state == "down"


@pytest.mark.parametrize("name", NAMES)
def test_what_is_told_later_is_understood_and_believed_only_if_it_is_theirs(name: str) -> None:
    reports = kind(name).reports
    if reports is None:
        assert recorded(name)["reports"] == []
        return
    for n, one in enumerate(recorded(name)["reports"]):
        call = called(name, one, n)
        if one.get("forged"):
            with pytest.raises(Forged):
                reports(settings(name), call)
            continue
        found = reports(settings(name), call)
        if one["what"] is None:
            assert list(found) == []
            continue
        (told,) = found
        wanted = one["what"], one.get("dead", False), one.get("machine", False)
        assert (told.what, told.dead, told.machine) == wanted, one
        assert told.id == reports(settings(name), call)[0].id
        assert told.mark == (MARK if one.get("mark") else "")
        for field in ("reference", "address"):
            if field in one:
                assert getattr(told, field) == one[field]
        assert told.at == round(one["at"] * SECOND) if "at" in one else told.at <= LATER
    with pytest.raises((Forged, Unread)):
        reports(settings(name), Call("https://x.fr/hooks/a/s3cret", {}, b"\xff[", LATER, lambda _: b""))


def called(name: str, one: Mapping[str, Any], n: int) -> Call:
    """The call as the provider makes it, signed as it signs."""
    url = f"https://crm.shop.fr/hooks/{name}/{one.get('hook', 's3cret')}{one.get('query', '')}"
    head: dict[str, str] = {}
    told = one["body"]
    raw = json.dumps(told).encode()
    match one.get("sign"):
        case "mailgun":
            seal = hmac.new(b"signing-canary", b"1795435200token", "sha256").hexdigest()
            told = told | {"signature": {"timestamp": "1795435200", "token": "token", "signature": seal}}
            raw = json.dumps(told).encode()
        case "sns" | "forged" | "elsewhere" | "topic" as how:
            raw = json.dumps(notified(how, raw.decode(), n)).encode()
        case "twilio" | "twilio-forged" as how:
            raw = urlencode(told).encode()
            said = url + "".join(f"{key}{told[key]}" for key in sorted(told))
            key = b"token-canary" if how == "twilio" else b"guess"
            head["x-twilio-signature"] = b64encode(hmac.new(key, said.encode(), "sha1").digest()).decode()
    return Call(url, head, raw, LATER, lambda _: certificate()[1])


# --- Amazon ---------------------------------------------------------------------------------------


@cache
def certificate() -> tuple[rsa.RSAPrivateKey, bytes]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    day = datetime(2026, 1, 1, tzinfo=UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, day, day + timedelta(days=999))
    return key, made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def notified(how: str, message: str, n: int) -> dict[str, str]:
    """What SNS posts (https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html)."""
    topic = "arn:aws:sns:eu-west-3:123456789012:" + ("other" if how == "topic" else "habitue")
    told = {
        "Type": "Notification",
        "MessageId": f"n{n}",
        "TopicArn": topic,
        "Message": message,
        "Timestamp": "2026-11-23T12:00:00.000Z",
    }
    said = "".join(f"{name}\n{told[name]}\n" for name in sorted(told))
    hashed, version = (hashes.SHA256(), "2") if n % 2 else (hashes.SHA1(), "1")
    mark = certificate()[0].sign(said.encode(), padding.PKCS1v15(), hashed)
    host = "sns.eu-west-3.amazonaws.com" + (".evil.fr" if how == "elsewhere" else "")
    told |= {
        "SignatureVersion": version,
        "Signature": b64encode(mark).decode(),
        "SigningCertURL": f"https://{host}/SimpleNotificationService-1.pem",
    }
    return told | ({"Message": message + " "} if how == "forged" else {})


def test_a_subscription_is_confirmed_at_amazon_and_nowhere_else() -> None:
    went: list[str] = []

    def fetch(url: str) -> bytes:
        went.append(url)
        return certificate()[1]

    def confirm(url: str) -> None:
        told = {
            "Type": "SubscriptionConfirmation",
            "MessageId": "m",
            "TopicArn": settings("ses").topic,
            "Message": "You have chosen to subscribe",
            "SubscribeURL": url,
            "Timestamp": "2026-11-23T12:00:00.000Z",
            "Token": "t",
        }
        said = "".join(f"{name}\n{told[name]}\n" for name in sorted(told))
        mark = certificate()[0].sign(said.encode(), padding.PKCS1v15(), hashes.SHA256())
        more = {"SignatureVersion": "2", "Signature": b64encode(mark).decode()}
        pem = "https://sns.eu-west-3.amazonaws.com/a.pem"
        raw = json.dumps(told | more | {"SigningCertURL": pem}).encode()
        assert ses.reports(settings("ses"), Call("", {}, raw, LATER, fetch)) == []

    good = "https://sns.eu-west-3.amazonaws.com/?Action=ConfirmSubscription&Token=t"
    confirm(good)
    assert went[-1] == good
    for wrong in (
        *("http://sns.eu-west-3.amazonaws.com/", "https://sns.eu-west-3.amazonaws.com.evil.fr/"),
        *("https://sns.eu-west-3.amazonaws.com@evil.fr/", "https://sns.eu-west-3.amazonaws.com:8443/"),
        *("https://evil.fr/sns.eu-west-3.amazonaws.com", "https://[::1", "file:///etc/passwd"),
    ):
        with pytest.raises(Forged):
            confirm(wrong)
        assert wrong not in went


def test_signatures_are_those_of_version_4(desk: Window) -> None:
    """The derivation against the example of AWS's own documentation; the whole by another reading of it."""
    secret, day = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "20150830"
    asked = "\n".join(
        (
            *("GET", "/", "Action=ListUsers&Version=2010-05-08"),
            "content-type:application/x-www-form-urlencoded; charset=utf-8",
            *("host:iam.amazonaws.com", "x-amz-date:20150830T123600Z", "", "content-type;host;x-amz-date"),
            sha256(b"").hexdigest(),
        )
    )
    scope = f"{day}/us-east-1/iam/aws4_request"
    found = ses.sealed(secret, "20150830T123600Z", scope, asked.encode())
    assert found == "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
    desk.heard.clear()
    desk.answers = [(200, {}, b"{}")]
    session = kind("ses").opened(settings("ses"), desk.url).connect()
    session.hand(letter("ses"), lambda: None)
    session.close()
    (one,) = desk.heard
    told = re.fullmatch(
        r"AWS4-HMAC-SHA256 Credential=AKIACANARY/(\S+), SignedHeaders=(\S+), Signature=(\w+)",
        one.head["authorization"],
    )
    assert told is not None
    names = told[2].split(";")
    lines = [f"{name}:{one.head[name]}" for name in names]
    canonical = "\n".join(["POST", one.path, "", *lines, "", told[2], sha256(one.body).hexdigest()])
    key = b"AWS4secret-canary"
    for part in told[1].split("/"):
        key = hmac.new(key, part.encode(), sha256).digest()
    text = f"AWS4-HMAC-SHA256\n20261123T120000Z\n{told[1]}\n{sha256(canonical.encode()).hexdigest()}"
    assert told[3] == hmac.new(key, text.encode(), sha256).hexdigest()


def test_ovh_is_asked_with_its_own_signature(desk: Window) -> None:
    desk.heard.clear()
    desk.answers = [(200, {}, b"{}")]
    session = kind("ovh").opened(settings("ovh"), desk.url).connect()
    session.hand(letter("ovh"), lambda: None)
    session.close()
    (one,) = desk.heard
    url = "https://eu.api.ovh.com/1.0/sms/sms-ab12345-1/jobs"
    said = f"secret-canary+consumer-canary+POST+{url}+{one.body.decode()}+1795435200"
    assert one.head["x-ovh-signature"] == f"$1${sha1(said.encode(), usedforsecurity=False).hexdigest()}"


# --- the settings ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(kinds()))
def test_every_kind_says_what_it_asks_for_and_keeps_secrets(name: str) -> None:
    one = registry.kinds()[name]
    told = {field.name for field in one.fields}
    assert {*one.secret} <= {*one.settings.__struct_fields__}
    for field in one.settings.__struct_fields__:
        secret = any(word in field for word in ("key", "secret", "token", "password", "signing"))
        public = ("secrets",) if name == "webhook" else ()
        assert not secret or field in one.secret or field in public or field == "public"
    assert all(field.asked.title and field.asked.help for field in one.fields)
    assert name == "webhook" or told


@pytest.mark.parametrize("name", NAMES)
def test_settings_that_cannot_work_are_refused(name: str) -> None:
    good = settings(name)
    wrong: list[dict[str, Any]] = [{"connections": 0}, {"rate": -1.0}]
    wrong += [{field.name: ""} for field in kind(name).fields if field.required]
    for one in wrong:
        with pytest.raises(UserError):
            kind(name).checked(msgspec.structs.replace(good, **one))
