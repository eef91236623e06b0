"""E-mail by Brevo's API: https://developers.brevo.com/reference/send-transac-email.

A key that tells a mail from all others goes along: what Brevo knows again within half an hour it refuses as
`duplicate_parameter`, and it counts as sent. No mail is asked for a second time because of that alone.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from typing import Annotated, Any, Final
from uuid import NAMESPACE_URL, uuid5

import msgspec
from msgspec import Struct

from habitue.kernel.asked import Asked
from habitue.kernel.i18n import N_
from habitue.messaging.channel import Letter, Outcome, Way
from habitue.messaging.line import Reply
from habitue.messaging.mail import addressed, parted
from habitue.messaging.provider import (
    Answers,
    Asking,
    Connections,
    Provider,
    Rate,
    Sender,
    answer,
    mailed,
    sound,
    told,
)
from habitue.messaging.report import Call, Forged, Report, Unread, object_of, seconds, words

CHANNEL: Final = "email"
LABEL: Final = N_("E-mail by Brevo")

_HOST: Final = "https://api.brevo.com"
_MARK: Final = "X-Mailin-custom"
_TELLS: Final[dict[str, tuple[Any, bool, bool]]] = {
    "delivered": ("delivered", False, False),
    "opened": ("opened", False, False),
    "unique_opened": ("opened", False, False),
    "proxy_open": ("opened", False, True),
    "unique_proxy_open": ("opened", False, True),
    "click": ("clicked", False, False),
    "hard_bounce": ("bounced", True, False),
    "invalid_email": ("bounced", True, False),
    "soft_bounce": ("bounced", False, False),
    "blocked": ("bounced", False, False),
    "error": ("bounced", False, False),
    "spam": ("complained", False, False),
    "complaint": ("complained", False, False),
    "unsubscribed": ("unsubscribed", False, False),
}
"""What each of its events is, whether nobody is at the address, and whether a program did it."""


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How mails leave by Brevo. `hook` is in the address by which it tells of them."""

    sender: Sender
    key: Annotated[
        str, Asked(N_("API key"), N_("In Brevo under SMTP & API; it begins with xkeysib-."), "secret")
    ]
    reply: Answers = ""
    connections: Connections = 8
    rate: Rate = 0.0
    hook: str = ""


def checked(settings: Settings) -> Settings:
    """The same; raises `UserError` for what can't work."""
    mailed(settings.sender, settings.reply, settings.key)
    sound(settings.connections, settings.rate)
    return settings


def opened(settings: Settings, elsewhere: str = "") -> Way:
    """The way out that the settings describe."""
    checked(settings)
    url = f"{elsewhere or _HOST}/v3/smtp/email"
    head = {"api-key": settings.key, "content-type": "application/json"}

    def asked(letter: Letter) -> Asking:
        return Asking(url, head, msgspec.json.encode(_mail(settings, letter)))

    return Provider(settings.connections, settings.rate, asked, judged, inner=bool(elsewhere))


def _mail(settings: Settings, letter: Letter) -> dict[str, Any]:
    heads = {_MARK: letter.mark, "idempotencyKey": str(uuid5(NAMESPACE_URL, f"habitue:{letter.mark}"))}
    if letter.marketing and letter.unsubscribe:
        heads["List-Unsubscribe"] = f"<{letter.unsubscribe}>"
        heads["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail: dict[str, Any] = {
        "sender": _party(settings.sender),
        "to": [{"email": addressed(letter.to)}],
        "subject": letter.subject,
        "textContent": letter.text,
        "headers": heads,
    }
    if letter.html:
        mail["htmlContent"] = letter.html
    if settings.reply:
        mail["replyTo"] = _party(settings.reply)
    return mail


def _party(text: str) -> dict[str, str]:
    name, address = parted(text)
    return {"name": name, "email": addressed(address)} if name else {"email": addressed(address)}


def judged(reply: Reply) -> Outcome | None:
    if reply.status == 201:
        return Outcome("sent", told(reply), reference=words(answer(reply), "messageId") or None)
    if reply.status == 400:
        if "duplicate_parameter" in reply.text or "duplicate_request" in reply.text:
            return Outcome("sent", told(reply))
        if "not valid in to" in reply.text:
            return Outcome("bounced", told(reply), dead=True)
    return None


def reports(settings: Settings, call: Call) -> Sequence[Report]:
    """Brevo signs nothing: who knows the address with its secret is believed, and our mark is looked at."""
    if not settings.hook or not hmac.compare_digest(settings.hook, call.url.rpartition("/")[2]):
        raise Forged
    one = object_of(call.body)
    event, reference = words(one, "event"), words(one, "message-id")
    if not event:
        raise Unread
    if event not in _TELLS:
        return []
    what, dead, machine = _TELLS[event]
    at = seconds(one.get("ts_event"), call.now)
    return [
        Report(
            f"{reference}:{what}:{one.get('ts_event')}:{words(one, 'link')}",
            what,
            at,
            words(one, _MARK),
            reference,
            answer=words(one, "reason"),
            dead=dead,
            agent=words(one, "user_agent"),
            link=words(one, "link"),
            machine=machine,
        )
    ]
