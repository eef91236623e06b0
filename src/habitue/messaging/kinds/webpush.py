"""Messages pushed to browsers: sealed for each (RFC 8291), by a key that says who we are (RFC 8292).

Written here on what `cryptography` offers: a library for it would bring two HTTP clients and an asynchronous
framework for these sixty lines. Where it goes to is said by browsers, so it never goes to an inner network,
and what one push service says is nothing to the others.
"""

from __future__ import annotations

import hmac
import os
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Annotated, Final, NamedTuple
from urllib.parse import urlsplit

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from msgspec import Struct, structs

from habitue.kernel.asked import Asked
from habitue.kernel.clock import HOUR, SECOND
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.messaging.channel import Letter, Outcome, Session, Way
from habitue.messaging.line import Line, Reply, Unanswered
from habitue.messaging.pace import Pace
from habitue.messaging.provider import AGENT, Connections, Rate, patience, sound, told
from habitue.people import pushed
from habitue.people.pushed import Subscription, unfolded

CHANNEL: Final = "push"
LABEL: Final = N_("Web push, to browsers that agreed")
SECRET: Final = ("key",)

_CURVE: Final = ec.SECP256R1()
_RECORD: Final = 4096
LARGEST: Final = 3_000
"""Bytes of a message: what every push service takes, sealed."""
_GOOD: Final = 12 * HOUR
_TTL: Final = 24 * HOUR
"""How long a push service keeps it for a browser that is away."""


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How messages are pushed. `key` is the private key, made by itself: browsers subscribe to it."""

    contact: Annotated[
        str,
        Asked(N_("Contact"), N_("Where push services reach you: an address of mail, or https://….")),
    ]
    connections: Connections = 8
    rate: Rate = 0.0
    key: str = ""


def completed(settings: Settings) -> Settings:
    """The same with a key of its own."""
    if settings.key:
        return settings
    number = ec.generate_private_key(_CURVE).private_numbers().private_value
    return structs.replace(settings, key=_folded(number.to_bytes(32, "big")))


def checked(settings: Settings) -> Settings:
    """The same; raises `UserError` for what can't work."""
    if "@" not in settings.contact and not settings.contact.startswith("https://"):
        raise UserError(N_("Say where push services reach you: an address of mail, or one with https://."))
    sound(settings.connections, settings.rate)
    return settings


def public(settings: Settings) -> str:
    """The key that browsers subscribe to."""
    return _folded(_point(_private(settings)))


def opened(settings: Settings, elsewhere: str = "") -> Way:
    """The way out that the settings describe."""
    return Pushes(checked(settings), elsewhere)


class Pushes:
    """Hands messages to whichever push service a browser has."""

    def __init__(self, settings: Settings, elsewhere: str) -> None:
        self.settings, self.elsewhere = settings, elsewhere
        self.private, self.pace = _private(settings), Pace(settings.rate)

    @property
    def connections(self) -> int:
        return self.settings.connections

    def connect(self) -> Session:
        return Hand(self)

    def arrived(self, _marks: list[str]) -> dict[str, bool] | None:
        """No push service can be asked."""
        return None


class Hand:
    """One connection, to one push service after the other."""

    def __init__(self, pushes: Pushes) -> None:
        self._pushes = pushes
        self._line = Line(bool(pushes.elsewhere))

    def hand(self, letter: Letter, letting_go: Callable[[], None]) -> Outcome:
        """See `channel.Session`."""
        to = pushed.read(letter.to)
        if to is None:
            return Outcome("bounced", "no subscription", dead=True)
        body = said(letter)
        if len(body) > LARGEST:
            return Outcome("failed", f"{len(body)} > {LARGEST}")
        self._pushes.pace.turn()
        try:
            sealed_ = sealed(to, body)
            url = (
                self._pushes.elsewhere + urlsplit(to.endpoint).path if self._pushes.elsewhere else to.endpoint
            )
            reply = self._line.ask("POST", url, self._head(to, letter), sealed_, letting_go)
        except Unanswered as error:
            return Outcome("unknown", str(error))
        except UserError as error:
            return Outcome("bounced", str(error), dead=True)
        except ValueError:  # their key is no point on the curve
            return Outcome("bounced", "no key", dead=True)
        except OSError as error:
            return Outcome("busy", str(error))
        return judged(reply)

    def _head(self, to: Subscription, letter: Letter) -> dict[str, str]:
        settings = self._pushes.settings
        where = urlsplit(to.endpoint)
        contact = (
            settings.contact if settings.contact.startswith("https://") else f"mailto:{settings.contact}"
        )
        token = ticket(
            self._pushes.private,
            {
                "aud": f"{where.scheme}://{where.netloc}",
                "exp": (letter.made + _GOOD) // SECOND,
                "sub": contact,
            },
        )
        return {
            "authorization": f"vapid t={token}, k={_folded(_point(self._pushes.private))}",
            "content-type": "application/octet-stream",
            "content-encoding": "aes128gcm",
            "ttl": str(_TTL // SECOND),
            "urgency": "normal" if letter.marketing else "high",
            "user-agent": AGENT,
        }

    def close(self) -> None:
        self._line.close()


def judged(reply: Reply) -> Outcome:
    """What a push service's answer means: for this browser only."""
    if 200 <= reply.status < 300:
        return Outcome("sent", told(reply))
    if reply.status in (404, 410):
        return Outcome("bounced", told(reply), dead=True)
    if reply.status in (408, 429, 503):
        return Outcome("busy", told(reply), wait=patience(reply))
    return Outcome("unknown" if reply.status >= 500 else "failed", told(reply))


class Shown(NamedTuple):
    """What a browser shows; `url` is where a click leads."""

    title: str
    body: str
    url: str
    tag: str


def said(letter: Letter) -> bytes:
    """The message for the service worker; a web address in its last line is where a click leads."""
    lines = letter.text.strip().splitlines()
    url = lines.pop().strip() if lines and lines[-1].strip().startswith(("https://", "http://")) else ""
    return msgspec.json.encode(Shown(letter.subject, "\n".join(lines).strip(), url, letter.mark)._asdict())


# --- RFC 8291 and 8188 ----------------------------------------------------------------------------


def sealed(
    to: Subscription,
    text: bytes,
    own: ec.EllipticCurvePrivateKey | None = None,
    salt: bytes | None = None,
) -> bytes:
    """The text, for that browser alone. Raises `ValueError` where its key is none."""
    once = own or ec.generate_private_key(_CURVE)
    grain = salt or os.urandom(16)
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, to.public)
    mine = _point(once)
    shared = hmac.digest(to.secret, once.exchange(ec.ECDH(), theirs), "sha256")
    whole = hmac.digest(shared, b"WebPush: info\0" + to.public + mine + b"\x01", "sha256")
    drawn = hmac.digest(grain, whole, "sha256")
    key = hmac.digest(drawn, b"Content-Encoding: aes128gcm\0\x01", "sha256")[:16]
    nonce = hmac.digest(drawn, b"Content-Encoding: nonce\0\x01", "sha256")[:12]
    head = grain + _RECORD.to_bytes(4, "big") + bytes([len(mine)]) + mine
    return head + AESGCM(key).encrypt(nonce, text + b"\x02", None)


def ticket(private: ec.EllipticCurvePrivateKey, claims: dict[str, str | int]) -> str:
    """Who we are, signed (a JWT by ES256)."""
    parts = ({"typ": "JWT", "alg": "ES256"}, claims)
    what = ".".join(_folded(msgspec.json.encode(one)) for one in parts)
    r, s = decode_dss_signature(private.sign(what.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{what}.{_folded(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def _private(settings: Settings) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(unfolded(completed(settings).key), "big"), _CURVE)


def _point(private: ec.EllipticCurvePrivateKey) -> bytes:
    return private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _folded(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
