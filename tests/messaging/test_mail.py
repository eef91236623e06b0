"""D7: a mail reads back as what was meant, whatever stands in it, and its signature holds."""

from __future__ import annotations

import re
from base64 import b64decode
from email import message_from_bytes, policy
from email.message import EmailMessage
from hashlib import sha256
from random import Random
from typing import Any, cast

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from hypothesis import given, settings
from hypothesis import strategies as st

from habitue.kernel.clock import instant
from habitue.kernel.errors import UserError
from habitue.messaging import mail
from habitue.messaging.channel import Letter
from habitue.messaging.dkim import Signer
from habitue.messaging.mail import From

SENDER = From('Café "Mokka", Paris <bonjour@mokka.fr>', "Aide <aide@mokka.fr>", "retours@mokka.fr")
NOW = instant("2026-03-02T10:00:00Z")


def letter(**more: Any) -> Letter:
    usual: dict[str, Any] = {
        "id": 7,
        "to": "ada@b.fr",
        "mark": "7.abc",
        "subject": "Hello",
        "html": "<p>Hello</p>",
        "text": "Hello",
        "values": {},
        "marketing": True,
        "unsubscribe": "https://mokka.fr/u/7",
        "made": NOW,
    }
    return Letter(**{**usual, **more})


def read(told: bytes) -> EmailMessage:
    return message_from_bytes(told, policy=policy.default)


TEXTS = st.one_of(
    st.text(
        st.one_of(
            st.sampled_from("\r\n.=? \t\x00é€𝄞\u2028\u202e"),
            st.characters(exclude_categories=["Cs"], max_codepoint=0x2FFF),
        ),
        max_size=400,
    ),
    # Plain lines, long ones too, are written in a way of their own.
    st.lists(st.sampled_from(["=", ".", " ", "\t", "\n", "a" * 37, "b=" * 20, "c" * 75]), max_size=12).map(
        "".join
    ),
)


NAMES = [
    *("content-type", "date", "from", "list-unsubscribe", "list-unsubscribe-post", "message-id"),
    *("mime-version", "reply-to", "subject", "to"),
]


def lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n").split("\n")


@settings(max_examples=150)
@given(subject=TEXTS, text=TEXTS, html=TEXTS)
def test_what_is_read_is_what_was_written(subject: str, text: str, html: str) -> None:
    told = mail.made(letter(subject=subject, text=text, html=html + "."), SENDER)
    assert max(map(len, told.split(b"\r\n"))) <= 998
    assert max(map(len, told.partition(b"\r\n\r\n")[2].split(b"\r\n"))) <= 78
    assert not re.search(rb"[^\r]\n|\r[^\n]", told)
    found = read(told)
    assert sorted(name.lower() for name in found) == NAMES
    plain, rich = (part.get_payload(decode=True) for part in found.iter_parts())
    assert lines(cast(bytes, plain).decode()) == lines(text)
    assert lines(cast(bytes, rich).decode()) == lines(html + ".")
    shown = "".join(" " if ord(one) < 32 or one in "\x7f\x85\u2028\u2029" else one for one in subject)
    assert " ".join(str(found["subject"]).split()) == " ".join(shown.split())


def test_the_headers_say_who_to_whom_and_how_to_say_no() -> None:
    found = read(mail.made(letter(to="ada@café.fr"), SENDER))
    assert found["from"].addresses[0].display_name == 'Café "Mokka", Paris'
    assert found["to"].addresses[0].addr_spec == "ada@xn--caf-dma.fr"
    assert found["message-id"] == "<7.abc@mokka.fr>"
    assert found["list-unsubscribe"] == "<https://mokka.fr/u/7>"
    assert found["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    assert SENDER.back("7.abc") == "retours+7.abc@mokka.fr"
    plain = read(mail.made(letter(html="", marketing=False), SENDER))
    assert plain.get_content_type() == "text/plain"
    assert "list-unsubscribe" not in plain


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "ada",
        "ada@b.fr\r\nBcc: v@x.fr",
        "a@b.fr,c@d.fr",
        "A <a@b.fr>",
        'a"b@c.fr',
        "@b.fr",
        "a@" + "b" * 70 + ".é.fr",
    ],
)
def test_what_is_no_single_address_is_none(wrong: str) -> None:
    with pytest.raises(UserError):
        mail.addressed(wrong)


@pytest.fixture(scope="module")
def keys() -> list[str]:
    made = rsa.generate_private_key(65537, 1024), ed25519.Ed25519PrivateKey.generate()
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return [key.private_bytes(*form).decode() for key in made]


def verified(told: bytes, record: str) -> bool:
    """RFC 6376, 3.7 and 6.1, for relaxed headers and a simple body, read from the RFC."""
    head, _, body = told.partition(b"\r\n\r\n")
    fields = [field.partition(b":") for field in re.split(rb"\r\n(?![ \t])", head)]
    name, _, own = fields[0]
    assert name == b"DKIM-Signature"
    pairs = (part.partition("=") for part in own.decode().split(";"))
    tags = {name.strip(): re.sub(r"\s", "", value) for name, _, value in pairs}
    if sha256(re.sub(rb"(\r\n)*$", b"\r\n", body, count=1)).digest() != b64decode(tags["bh"]):
        return False

    def relaxed(name: bytes, value: bytes) -> bytes:
        return name.lower().strip() + b":" + re.sub(rb"\s+", b" ", value).strip()

    signed, left = [], fields[1:]
    for wanted in tags["h"].split(":"):
        at = next((n for n in range(len(left) - 1, -1, -1) if left[n][0].lower() == wanted.encode()), None)
        if at is not None:
            field = left.pop(at)
            signed.append(relaxed(field[0], field[2]))
    bare = re.sub(rb"b=[^;]*$", b"b=", own)
    signing = b"\r\n".join([*signed, relaxed(b"dkim-signature", bare)])
    public = b64decode(record.rpartition("p=")[2])
    try:
        if tags["a"] == "rsa-sha256":
            key = serialization.load_der_public_key(public)
            assert isinstance(key, rsa.RSAPublicKey)
            key.verify(b64decode(tags["b"]), signing, PKCS1v15(), hashes.SHA256())
        else:
            ed25519.Ed25519PublicKey.from_public_bytes(public).verify(
                b64decode(tags["b"]), sha256(signing).digest()
            )
    except Exception:  # noqa: BLE001  whatever it is called
        return False
    return True


@pytest.mark.parametrize("kind", [0, 1])
def test_a_signature_holds_and_breaks_with_any_change(keys: list[str], kind: int) -> None:
    signer, dice = Signer("mokka.fr", "s1", keys[kind]), Random(3)
    for n in range(40):
        text = "".join(dice.choice(" .=é\r\nab") for _ in range(60))
        told = signer.signed(mail.made(letter(subject=f"Café {n}", text=text), SENDER))
        assert verified(told, signer.record)
        assert not verified(told.replace(b"Hello", b"Hallo"), signer.record)
        assert not verified(told.replace(b"To: ada", b"To: eve"), signer.record)
        forged = told.replace(b"\r\nTo:", b"\r\nFrom: eve@x.fr\r\nTo:", 1)
        assert not verified(forged, signer.record)


def test_a_key_that_signs_nothing_is_refused() -> None:
    with pytest.raises(UserError):
        Signer("mokka.fr", "s1", "no key")
