"""E-mail by Mailgun's API: https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/messages.

The mail goes as we wrote it (`messages.mime`), with our own Message-ID; Mailgun has no key against doubles.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal

from msgspec import Struct

from habitue.kernel.asked import Asked
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.messaging.channel import Letter, Outcome, Way
from habitue.messaging.line import Reply
from habitue.messaging.mail import addressed, made
from habitue.messaging.provider import (
    Answers,
    Asking,
    Connections,
    Provider,
    Rate,
    Sender,
    answer,
    basic,
    mailed,
    sound,
    told,
)
from habitue.messaging.report import Call, Forged, Report, inside, object_of, seconds, words

CHANNEL: Final = "email"
LABEL: Final = N_("E-mail by Mailgun")

_HOSTS: Final = {"eu": "https://api.eu.mailgun.net", "us": "https://api.mailgun.net"}
_DOMAIN: Final = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+", re.IGNORECASE)
_TELLS: Final[dict[str, Any]] = {
    "delivered": "delivered",
    "opened": "opened",
    "clicked": "clicked",
    "failed": "bounced",
    "complained": "complained",
    "unsubscribed": "unsubscribed",
}
_DEAD: Final = ("bounce", "suppress-bounce", "old", "hardfail")
"""Its reasons for which a mail that failed for good says that nobody is there."""


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How mails leave by Mailgun. `hook` is in the address by which it tells of them."""

    sender: Sender
    domain: Annotated[
        str, Asked(N_("Domain"), N_("The sending domain as it is set up at Mailgun, such as mg.shop.fr."))
    ]
    key: Annotated[str, Asked(N_("API key"), N_("A sending key of this domain is enough."), "secret")]
    region: Annotated[
        Literal["eu", "us"],
        Asked(
            N_("Region"),
            N_("Where Mailgun keeps what you send; it was chosen with the domain."),
            "choice",
            {"eu": N_("European Union"), "us": N_("United States")},
        ),
    ] = "eu"
    signing: Annotated[
        str,
        Asked(
            N_("Webhook signing key"),
            N_("At Mailgun under Webhooks: without it nothing that it tells is believed."),
            "secret",
        ),
    ] = ""
    reply: Answers = ""
    connections: Connections = 8
    rate: Rate = 0.0
    hook: str = ""


def checked(settings: Settings) -> Settings:
    """The same; raises `UserError` for what can't work."""
    mailed(settings.sender, settings.reply, settings.key)
    if not _DOMAIN.fullmatch(settings.domain):
        raise UserError(
            N_("“{name}” is no domain. Write one such as mg.shop.fr."), name=settings.domain[:100]
        )
    sound(settings.connections, settings.rate)
    return settings


def opened(settings: Settings, elsewhere: str = "") -> Way:
    """The way out that the settings describe."""
    sender = mailed(checked(settings).sender, settings.reply)
    url = f"{elsewhere or _HOSTS[settings.region]}/v3/{settings.domain}/messages.mime"

    def asked(letter: Letter) -> Asking:
        edge = f"habitue-{letter.mark}"
        fields = {"to": addressed(letter.to), "o:tracking": "no", "v:habitue": letter.mark}
        parts = [
            f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in fields.items()
        ]
        parts.append(
            f'--{edge}\r\nContent-Disposition: form-data; name="message"; filename="mail.eml"\r\n'
            "Content-Type: message/rfc822\r\n\r\n".encode()
        )
        head = {
            "authorization": basic("api", settings.key),
            "content-type": f"multipart/form-data; boundary={edge}",
        }
        return Asking(url, head, b"".join([*parts, made(letter, sender), f"\r\n--{edge}--\r\n".encode()]))

    return Provider(settings.connections, settings.rate, asked, judged, inner=bool(elsewhere))


def judged(reply: Reply) -> Outcome | None:
    if reply.status == 200:
        return Outcome("sent", told(reply), reference=words(answer(reply), "id").strip("<>") or None)
    if reply.status == 400 and "to parameter is not a valid address" in reply.text.replace("'", ""):
        return Outcome("bounced", told(reply), dead=True)
    return None


def reports(settings: Settings, call: Call) -> Sequence[Report]:
    """Signed with a key of its own over the time and a token; the same again is told by its id."""
    sent = object_of(call.body)
    seal = inside(sent, "signature")
    said = (words(seal, "timestamp") + words(seal, "token")).encode()
    right = hmac.digest(settings.signing.encode(), said, "sha256").hex()
    if not settings.signing or not said or not hmac.compare_digest(right.encode(), _plain(seal)):
        raise Forged
    one = inside(sent, "event-data")
    what = _TELLS.get(words(one, "event"))
    if what is None or (what == "bounced" and words(one, "severity") != "permanent"):
        return []
    client, status = inside(one, "client-info"), inside(one, "delivery-status")
    return [
        Report(
            words(one, "id"),
            what,
            seconds(one.get("timestamp"), call.now),
            words(inside(one, "user-variables"), "habitue"),
            words(inside(inside(one, "message"), "headers"), "message-id").strip("<>"),
            answer=words(status, "message") or words(status, "description"),
            dead=what == "bounced" and words(one, "reason") in _DEAD and _nobody(status),
            agent=words(client, "user-agent"),
            link=words(one, "url"),
            machine=bool(words(client, "bot")),
        )
    ]


def _plain(seal: dict[str, Any]) -> bytes:
    return words(seal, "signature").encode("utf-8", "replace")


_NOBODY: Final = re.compile(r"\b5\.1\.(?:1|2|3|6|10)\b")


def _nobody(status: dict[str, Any]) -> bool:
    """Whether it is the address, not what was sent there: by the code, or by what their server said."""
    said = words(status, "message") + " " + words(status, "description")
    exact = bool(re.search(r"\b5\.\d{1,3}\.\d{1,3}\b", said))
    return bool(_NOBODY.search(said)) if exact else status.get("code") in (550, 605)
