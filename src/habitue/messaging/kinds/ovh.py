"""Text messages by OVHcloud: `POST /sms/{serviceName}/jobs`, signed as its API has it.

https://docs.ovhcloud.com/en/guides/web-cloud/messaging/sms/api-sms-cookbook. To marketing OVH adds
“STOP 36xxx” itself and keeps who answers it: the next time it refuses such a number, blocked then.
"""

from __future__ import annotations

import re
from hashlib import sha1
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Struct

from habitue.kernel.asked import Asked
from habitue.kernel.clock import SECOND
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.messaging.channel import Letter, Outcome, Way
from habitue.messaging.line import Reply
from habitue.messaging.mobile import numbered, worded
from habitue.messaging.provider import Asking, Connections, Provider, Rate, answer, filled, sound, told
from habitue.templates.segments import parts

CHANNEL: Final = "sms"
LABEL: Final = N_("Text messages by OVHcloud")

_HOSTS: Final = {"eu": "https://eu.api.ovh.com", "ca": "https://ca.api.ovh.com"}
_SERVICE: Final = re.compile(r"sms-[a-z0-9]+-\d+")


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How text messages leave by OVHcloud."""

    service: Annotated[str, Asked(N_("SMS account"), N_("Such as sms-ab12345-1."))]
    sender: Annotated[
        str,
        Asked(
            N_("Sender"),
            N_("A name that OVHcloud has accepted; a short number if empty."),
        ),
    ] = ""
    application: Annotated[str, Asked(N_("Application key"), N_("Made with the right to POST /sms/*/jobs."))]
    secret: Annotated[str, Asked(N_("Application secret"), N_("The one that belongs to the key."), "secret")]
    consumer_key: Annotated[
        str, Asked(N_("Consumer key"), N_("It says whose account the application may use."), "secret")
    ]
    region: Annotated[
        Literal["eu", "ca"],
        Asked(N_("Region"), N_("Of the account."), "choice", {"eu": N_("Europe"), "ca": N_("Canada")}),
    ] = "eu"
    connections: Connections = 4
    rate: Rate = 0.0


def checked(settings: Settings) -> Settings:
    """The same; raises `UserError` for what can't work."""
    filled(settings.application, settings.secret, settings.consumer_key)
    if not _SERVICE.fullmatch(settings.service):
        raise UserError(
            N_("“{name}” is no SMS account. It is one such as sms-ab12345-1."), name=settings.service[:60]
        )
    sound(settings.connections, settings.rate)
    return settings


def opened(settings: Settings, elsewhere: str = "") -> Way:
    """The way out that the settings describe."""
    checked(settings)
    path = f"/1.0/sms/{settings.service}/jobs"
    asked_at = _HOSTS[settings.region] + path

    def asked(letter: Letter) -> Asking:
        body = msgspec.json.encode(_job(settings, letter))
        second = str(letter.made // SECOND)
        said = "+".join((settings.secret, settings.consumer_key, "POST", asked_at, body.decode(), second))
        head = {
            "content-type": "application/json",
            "x-ovh-application": settings.application,
            "x-ovh-consumer": settings.consumer_key,
            "x-ovh-timestamp": second,
            "x-ovh-signature": "$1$" + sha1(said.encode(), usedforsecurity=False).hexdigest(),
        }
        return Asking((elsewhere + path) if elsewhere else asked_at, head, body)

    return Provider(settings.connections, settings.rate, asked, judged, inner=bool(elsewhere))


def _job(settings: Settings, letter: Letter) -> dict[str, Any]:
    text = worded(letter)
    job: dict[str, Any] = {
        "charset": "UTF-8",
        "class": "phoneDisplay",
        "coding": "8bit" if parts(text).wide else "7bit",
        "message": text,
        "noStopClause": not letter.marketing,
        "priority": "medium" if letter.marketing else "high",
        "receivers": [numbered(letter.to)],
    }
    return job | ({"sender": settings.sender} if settings.sender else {"senderForResponse": True})


def judged(reply: Reply) -> Outcome | None:
    if reply.status != 200:
        return None
    found = answer(reply)
    if found.get("invalidReceivers"):
        return Outcome("bounced", told(reply), dead=True)
    ids = found.get("ids")
    first = ids[0] if isinstance(ids, list) and ids else None
    return Outcome("sent", told(reply), reference=str(first) if first else None)
