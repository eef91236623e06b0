"""Pushed messages: sealed as RFC 8291 has it, by who RFC 8292 says; nothing goes to an inner network."""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from habitue.kernel.clock import MINUTE, SECOND
from habitue.kernel.errors import UserError
from habitue.messaging.channel import Letter
from habitue.messaging.kinds import webpush
from habitue.people import pushed
from habitue.people.pushed import Keys, Subscription
from tests.messaging.counter import Window, window

SETTINGS = webpush.completed(webpush.Settings(contact="eva@shop.fr"))


def folded(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def unfolded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@pytest.fixture(scope="module")
def desk() -> Iterator[Window]:
    with window() as made:
        yield made


class Browser:
    """A browser that has subscribed, and reads what comes by another way than ours."""

    def __init__(self) -> None:
        self.key, self.secret = ec.generate_private_key(ec.SECP256R1()), b"0123456789abcdef"
        self.point = self.key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )

    def subscription(self, endpoint: str = "https://push.example/send/abc") -> str:
        keys = {"p256dh": folded(self.point), "auth": folded(self.secret)}
        return json.dumps({"endpoint": endpoint, "expirationTime": None, "keys": keys})

    def read(self, body: bytes) -> bytes:
        salt, size, own = body[:16], int.from_bytes(body[16:20], "big"), body[20]
        theirs, sealed = body[21 : 21 + own], body[21 + own :]
        assert (size, own, len(sealed) <= size) == (4096, 65, True)
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs)
        info = b"WebPush: info\0" + self.point + theirs

        def drawn(length: int, salted: bytes, what: bytes, of: bytes) -> bytes:
            return HKDF(hashes.SHA256(), length, salted, what).derive(of)

        whole = drawn(32, self.secret, info, self.key.exchange(ec.ECDH(), point))
        key = drawn(16, salt, b"Content-Encoding: aes128gcm\0", whole)
        nonce = drawn(12, salt, b"Content-Encoding: nonce\0", whole)
        text = AESGCM(key).decrypt(nonce, sealed, None)
        assert text[-1:] == b"\x02"
        return text[:-1]


def letter(to: str, text: str = "Votre thé attend.\n\nhttps://shop.fr/a") -> Letter:
    return Letter(1, to, "1.mark", "Thé noir", "", text, {}, True, None, 1_795_435_200 * SECOND)


def test_the_example_of_rfc_8291_comes_out() -> None:
    keys = Keys(
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "BTBZMqHH6r4Tts7J_aSIgg",
    )
    number = int.from_bytes(unfolded("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), "big")
    own = ec.derive_private_key(number, ec.SECP256R1())
    found = webpush.sealed(
        Subscription("https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV", keys),
        b"When I grow up, I want to be a watermelon",
        own,
        unfolded("DGv6ra1nlYgDCS1FRnbzlw"),
    )
    assert folded(found) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6Tlz"
        "AC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


def test_a_browser_reads_what_was_meant_for_it_and_its_service_knows_us(desk: Window) -> None:
    desk.heard.clear()
    desk.answers = [(201, {}, b"")]
    browser = Browser()
    session = webpush.opened(SETTINGS, desk.url).connect()
    assert session.hand(letter(browser.subscription()), lambda: None).state == "sent"
    session.close()
    (one,) = desk.heard
    shown = {"title": "Thé noir", "body": "Votre thé attend.", "url": "https://shop.fr/a", "tag": "1.mark"}
    assert (one.path, json.loads(browser.read(one.body))) == ("/send/abc", shown)
    assert (one.head["content-encoding"], one.head["ttl"]) == ("aes128gcm", "86400")
    token, _, key = one.head["authorization"].removeprefix("vapid t=").partition(", k=")
    assert key == webpush.public(SETTINGS)
    what, _, mark = token.rpartition(".")
    claims = json.loads(unfolded(what.partition(".")[2]))
    assert claims == {
        "aud": "https://push.example",
        "exp": 1_795_435_200 + 43_200,
        "sub": "mailto:eva@shop.fr",
    }
    raw = unfolded(mark)
    signature = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unfolded(key))
    point.verify(signature, what.encode(), ec.ECDSA(hashes.SHA256()))


def test_what_one_browsers_service_says_is_about_that_browser(desk: Window) -> None:
    session = webpush.opened(SETTINGS, desk.url).connect()
    to = Browser().subscription()
    for status, state, dead in (
        *((410, "bounced", True), (404, "bounced", True), (413, "failed", False), (403, "failed", False)),
        *((429, "busy", False), (503, "busy", False), (500, "unknown", False)),
    ):
        desk.answers = [(status, {"retry-after": "60"}, b"")]
        found = session.hand(letter(to), lambda: None)
        assert (found.state, found.dead, found.rest) == (state, dead, False), status
        assert found.wait == (MINUTE if state == "busy" else None)
    desk.answers = [None]
    assert session.hand(letter(to), lambda: None).state == "unknown"
    assert session.hand(letter(to, "é" * 2_000), lambda: None).state == "failed"
    session.close()
    inside = webpush.opened(SETTINGS).connect()
    for endpoint in ("https://127.0.0.1/a", "https://169.254.169.254/a", "https://localhost/a"):
        found = inside.hand(letter(Browser().subscription(endpoint)), lambda: None)
        assert (found.state, found.dead) == ("bounced", True)
    point = folded(b"\x04" + b"\1" * 64)
    keys = {"p256dh": point, "auth": folded(b"0" * 16)}
    wrong = json.dumps({"endpoint": "https://push.example/a", "keys": keys})
    assert inside.hand(letter(wrong), lambda: None).dead


@pytest.mark.parametrize(
    "told",
    [
        *("", "x", "{}", "[]", None, 5, '{"endpoint": "https://x.fr", "keys": {"p256dh": "é", "auth": ""}}'),
        Browser().subscription("http://x.fr"),
        Browser().subscription("https://x.fr/" + "a" * 3_000),
        json.dumps({"endpoint": "https://x.fr", "keys": {"p256dh": folded(b"\4" * 65), "auth": "AA"}}),
    ],
)
def test_what_is_no_subscription_is_no_address(told: Any) -> None:
    assert pushed.read(told) is None


def test_a_key_is_made_once_and_somebody_can_be_reached() -> None:
    assert webpush.completed(SETTINGS) is SETTINGS
    assert not hmac.compare_digest(webpush.completed(webpush.Settings(contact="a@b.fr")).key, SETTINGS.key)
    assert len(unfolded(webpush.public(SETTINGS))) == 65
    with pytest.raises(UserError):
        webpush.checked(webpush.Settings(contact="eva"))
