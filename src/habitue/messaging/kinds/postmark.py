"""E-mail by Postmark's API: https://postmarkapp.com/developer/api/email-api.

What customers wait for and marketing go by two message streams. Postmark has no key against doubles.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from typing import Annotated, Any, Final

import msgspec
from msgspec import Struct

from habitue.kernel.asked import Asked
from habitue.kernel.clock import instant
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.messaging.channel import Letter, Outcome, Way
from habitue.messaging.line import Reply
from habitue.messaging.mail import addressed
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
from habitue.messaging.report import Call, Forged, Report, Unread, inside, object_of, words

CHANNEL: Final = "email"
LABEL: Final = N_("E-mail by Postmark")

_HOST: Final = "https://api.postmarkapp.com"
_INACTIVE: Final = 406
_OURS: Final = (10, 400, 401, 405, 412, 413, 429, 1235)
"""Its own codes for what is wrong with the account, the sender or the stream."""
_GONE: Final = ("HardBounce", "BadEmailAddress")
_BACK: Final = (
    *_GONE,
    "SoftBounce",
    "DnsError",
    "Blocked",
    "DMARCPolicy",
    "SpamNotification",
    "SMTPApiError",
)
_TIMES: Final = ("DeliveredAt", "BouncedAt", "ReceivedAt", "ChangedAt")


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How mails leave by Postmark. `hook` is in the address by which it tells of them."""

    sender: Sender
    key: Annotated[
        str, Asked(N_("Server API token"), N_("At Postmark under API Tokens of the server."), "secret")
    ]
    stream: Annotated[
        str, Asked(N_("Stream for what customers wait for"), N_("The id of a transactional message stream."))
    ] = "outbound"
    broadcasts: Annotated[
        str,
        Asked(N_("Stream for marketing"), N_("The id of a broadcast message stream: Postmark asks for one.")),
    ] = "broadcast"
    reply: Answers = ""
    connections: Connections = 8
    rate: Rate = 0.0
    hook: str = ""


def checked(settings: Settings) -> Settings:
    """The same; raises `UserError` for what can't work."""
    mailed(settings.sender, settings.reply, settings.key, settings.stream, settings.broadcasts)
    sound(settings.connections, settings.rate)
    return settings


def opened(settings: Settings, elsewhere: str = "") -> Way:
    """The way out that the settings describe."""
    checked(settings)
    url = f"{elsewhere or _HOST}/email"
    head = {"x-postmark-server-token": settings.key, "content-type": "application/json"}

    def asked(letter: Letter) -> Asking:
        return Asking(url, head, msgspec.json.encode(_mail(settings, letter)))

    return Provider(settings.connections, settings.rate, asked, judged, inner=bool(elsewhere))


def _mail(settings: Settings, letter: Letter) -> dict[str, Any]:
    mail: dict[str, Any] = {
        "From": settings.sender,
        "To": addressed(letter.to),
        "Subject": letter.subject,
        "TextBody": letter.text,
        "MessageStream": settings.broadcasts if letter.marketing else settings.stream,
        "Metadata": {"habitue": letter.mark},
        "TrackOpens": False,
        "TrackLinks": "None",
    }
    if letter.html:
        mail["HtmlBody"] = letter.html
    if settings.reply:
        mail["ReplyTo"] = settings.reply
    if letter.marketing and letter.unsubscribe:
        mail["Headers"] = [
            {"Name": "List-Unsubscribe", "Value": f"<{letter.unsubscribe}>"},
            {"Name": "List-Unsubscribe-Post", "Value": "List-Unsubscribe=One-Click"},
        ]
    return mail


def judged(reply: Reply) -> Outcome | None:
    found = answer(reply)
    code = found.get("ErrorCode")
    if reply.status == 200 and code == 0:
        return Outcome("sent", told(reply), reference=words(found, "MessageID") or None)
    if code == _INACTIVE:
        return Outcome("bounced", told(reply), dead=True)
    if code in _OURS and reply.status != 429:
        return Outcome("down", told(reply))
    if code == 300 and "'To'" in words(found, "Message"):
        return Outcome("bounced", told(reply), dead=True)
    return None


def reports(settings: Settings, call: Call) -> Sequence[Report]:
    """Postmark signs nothing: who knows the address with its secret is believed, if with our mark."""
    if not settings.hook or not hmac.compare_digest(settings.hook, call.url.rpartition("/")[2]):
        raise Forged
    one = object_of(call.body)
    record, reference = words(one, "RecordType"), words(one, "MessageID")
    if not record:
        raise Unread
    what = _what(record, one)
    if what is None:
        return []
    when = next((words(one, name) for name in _TIMES if words(one, name)), "")
    return [
        Report(
            f"{reference}:{record}:{one.get('ID') or when}:{words(one, 'OriginalLink')}",
            what,
            _at(when, call),
            words(inside(one, "Metadata"), "habitue"),
            reference,
            answer=words(one, "Description") or words(one, "Details"),
            dead=what == "bounced" and words(one, "Type") in _GONE,
            agent=words(one, "UserAgent"),
            link=words(one, "OriginalLink"),
        )
    ]


def _what(record: str, one: dict[str, Any]) -> Any:
    match record:
        case "Delivery":
            return "delivered"
        case "Open":
            return "opened"
        case "Click":
            return "clicked"
        case "Bounce" if words(one, "Type") in _BACK:
            return "bounced"
        case "SpamComplaint":
            return "complained"
        case "SubscriptionChange" if (
            one.get("SuppressSending") is True and words(one, "SuppressionReason") == "ManualSuppression"
        ):
            return "unsubscribed"
    return None


def _at(when: str, call: Call) -> int:
    try:
        return min(instant(when, "UTC"), call.now) if when else call.now
    except (UserError, ValueError):
        return call.now
