"""Text messages by Twilio: https://www.twilio.com/docs/messaging/api/message-resource.

The address by which Twilio tells of a message has our mark in it. Twilio has no key against doubles.
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Sequence
from typing import Annotated, Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from msgspec import Struct

from habitue.kernel.asked import Asked
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.messaging.channel import Letter, Outcome, Way
from habitue.messaging.line import Reply
from habitue.messaging.mobile import numbered, worded
from habitue.messaging.provider import Asking, Connections, Provider, Rate, answer, basic, filled, sound, told
from habitue.messaging.report import Call, Forged, Report, form_of, words

CHANNEL: Final = "sms"
LABEL: Final = N_("Text messages by Twilio")

_HOST: Final = "https://api.twilio.com"
_GONE: Final = (21211, 21217, 21219, 21421, 21610, 21614, 30005, 30006, 30011)
"""Its codes for a number that is none, that no text message reaches, or whose owner has said STOP."""
_OURS: Final = (20003, 20005, 20429, 21212, 21603, 21606, 21659, 21660, 21704, 21705, 63038)
_STOP: Final = ("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "ARRET", "ARRÊT")
_ENDS: Final[dict[str, Any]] = {"delivered": "delivered", "undelivered": "bounced", "failed": "bounced"}


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How text messages leave by Twilio. `hook` is in the address by which it tells of them, `callback`."""

    account: Annotated[str, Asked(N_("Account SID"), N_("It begins with AC."))]
    token: Annotated[
        str,
        Asked(N_("Auth token"), N_("It signs what Twilio tells too."), "secret"),
    ]
    sender: Annotated[
        str,
        Asked(
            N_("Sender"),
            N_("A number such as +33…, a name of up to 11 letters, or the SID of a messaging service (MG…)."),
        ),
    ]
    connections: Connections = 4
    rate: Rate = 0.0
    hook: str = ""
    callback: str = ""


def checked(settings: Settings) -> Settings:
    """The same; raises `UserError` for what can't work."""
    filled(settings.token, settings.sender)
    if not settings.account.startswith("AC") or not settings.account.isalnum():
        raise UserError(N_("An account’s SID begins with AC, and has letters and digits only."))
    sound(settings.connections, settings.rate)
    return settings


def opened(settings: Settings, elsewhere: str = "") -> Way:
    """The way out that the settings describe."""
    checked(settings)
    url = f"{elsewhere or _HOST}/2010-04-01/Accounts/{settings.account}/Messages.json"
    head = {
        "authorization": basic(settings.account, settings.token),
        "content-type": "application/x-www-form-urlencoded",
    }
    by = "MessagingServiceSid" if settings.sender.startswith("MG") else "From"

    def asked(letter: Letter) -> Asking:
        fields = {"To": numbered(letter.to), by: settings.sender, "Body": worded(letter)}
        if settings.callback:
            fields["StatusCallback"] = f"{settings.callback}?mark={letter.mark}"
        return Asking(url, head, urlencode(fields).encode())

    return Provider(settings.connections, settings.rate, asked, judged, inner=bool(elsewhere))


def judged(reply: Reply) -> Outcome | None:
    found = answer(reply)
    if reply.status == 201:
        return Outcome("sent", told(reply), reference=words(found, "sid") or None)
    if found.get("code") in _GONE:
        return Outcome("bounced", told(reply), dead=True)
    if found.get("code") in _OURS and reply.status != 429:
        return Outcome("down", told(reply))
    return None


def reports(settings: Settings, call: Call) -> Sequence[Report]:
    """Signed with the account's token over the address and all fields."""
    fields = form_of(call.body)
    said = call.url + "".join(f"{name}{fields[name]}" for name in sorted(fields))
    right = b64encode(hmac.digest(settings.token.encode(), said.encode(), "sha1"))
    given = call.head.get("x-twilio-signature", "").encode("utf-8", "replace")
    if not hmac.compare_digest(right, given):
        raise Forged
    number = fields.get("MessageSid") or fields.get("SmsSid", "")
    if "MessageStatus" not in fields:
        return _written(fields, number, call)
    what = _ENDS.get(fields["MessageStatus"])
    if what is None:
        return []
    code = fields.get("ErrorCode", "")
    mark = dict(parse_qsl(urlsplit(call.url).query)).get("mark", "")
    dead = what == "bounced" and code.isdecimal() and int(code) in _GONE
    # What it costs Twilio takes off the account: it tells an amount below nothing.
    price, currency = fields.get("Price", "").removeprefix("-"), fields.get("PriceUnit", "").upper()
    one = Report(f"{number}:{what}", what, call.now, mark, number, answer=code, dead=dead)
    return [one._replace(price=price, currency=currency)]


def _written(fields: dict[str, str], number: str, call: Call) -> Sequence[Report]:
    """Somebody wrote to us: STOP is understood in the provider's own way, and in ours."""
    first = fields.get("Body", "").strip().upper().split(maxsplit=1)[:1]
    stop = fields.get("OptOutType") == "STOP" or (first and first[0].strip(".!") in _STOP)
    return [Report(number, "unsubscribed", call.now, address=fields.get("From", ""))] if stop else []
