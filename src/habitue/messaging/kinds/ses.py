"""E-mail by Amazon SES: `SendEmail` of API v2 with a raw mail, signed by Signature Version 4.

https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html. SES has no key against
doubles. What became of mails comes by Amazon SNS: signed, by certificates of Amazon's own.
"""

from __future__ import annotations

import hmac
import re
from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from msgspec import Struct

from habitue.kernel.asked import Asked
from habitue.kernel.clock import SECOND, instant
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
    mailed,
    sound,
    told,
)
from habitue.messaging.report import Call, Forged, Report, Unread, inside, object_of, words

CHANNEL: Final = "email"
LABEL: Final = N_("E-mail by Amazon SES")

_REGION: Final = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
_PATH: Final = "/v2/email/outbound-emails"
_OURS: Final = (
    *("AccountSuspendedException", "SendingPausedException", "MailFromDomainNotVerifiedException"),
    *("LimitExceededException", "NotFoundException", "TooManyRequestsException"),
)
_SNS: Final = re.compile(r"sns\.[a-z0-9-]{3,40}\.amazonaws\.com(\.cn)?")
_SIGNED: Final = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": (
        *("Message", "MessageId", "SubscribeURL", "Timestamp", "Token"),
        *("TopicArn", "Type"),
    ),
}
"""The fields that are signed, in their order."""


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How mails leave by Amazon SES. `hook` is in the address by which SNS tells of them."""

    sender: Sender
    access: Annotated[
        str,
        Asked(
            N_("Access key"), N_("Of an IAM user who may do ses:SendEmail and ses:SendRawEmail, and no more.")
        ),
    ]
    secret: Annotated[
        str, Asked(N_("Secret access key"), N_("The one that belongs to the access key."), "secret")
    ]
    region: Annotated[str, Asked(N_("Region"), N_("Such as eu-west-3 (Paris)."))] = "eu-west-3"
    configuration: Annotated[
        str,
        Asked(
            N_("Configuration set"),
            N_("The one that publishes its events to an SNS topic; without it nothing is told of bounces."),
        ),
    ] = ""
    topic: Annotated[
        str, Asked(N_("SNS topic"), N_("Its ARN: what comes from another topic is not believed."))
    ] = ""
    reply: Answers = ""
    connections: Connections = 8
    rate: Rate = 0.0
    hook: str = ""


def checked(settings: Settings) -> Settings:
    """The same; raises `UserError` for what can't work."""
    mailed(settings.sender, settings.reply, settings.access, settings.secret)
    if not _REGION.fullmatch(settings.region):
        raise UserError(
            N_("“{name}” is no region of AWS. Write one such as eu-west-3."), name=settings.region[:40]
        )
    sound(settings.connections, settings.rate)
    return settings


def opened(settings: Settings, elsewhere: str = "") -> Way:
    """The way out that the settings describe."""
    sender = mailed(checked(settings).sender, settings.reply)
    host = f"email.{settings.region}.amazonaws.com"
    url = (elsewhere or f"https://{host}") + _PATH

    def asked(letter: Letter) -> Asking:
        mail: dict[str, Any] = {
            "FromEmailAddress": settings.sender,
            "Destination": {"ToAddresses": [addressed(letter.to)]},
            "Content": {"Raw": {"Data": b64encode(made(letter, sender)).decode()}},
            "EmailTags": [{"Name": "habitue", "Value": letter.mark.replace(".", "-")}],
        }
        if settings.configuration:
            mail["ConfigurationSetName"] = settings.configuration
        body = msgspec.json.encode(mail)
        at = datetime.fromtimestamp(letter.made // SECOND, UTC)
        return Asking(url, signed(settings, host, body, at), body)

    return Provider(settings.connections, settings.rate, asked, judged, inner=bool(elsewhere))


def signed(settings: Settings, host: str, body: bytes, at: datetime) -> dict[str, str]:
    """The head of a question with its signature."""
    head = {"content-type": "application/json", "host": host, "x-amz-date": f"{at:%Y%m%dT%H%M%SZ}"}
    names = ";".join(head)
    lines = "".join(f"{name}:{value}\n" for name, value in head.items())
    asked = "\n".join(("POST", _PATH, "", lines, names, sha256(body).hexdigest()))
    scope = f"{at:%Y%m%d}/{settings.region}/ses/aws4_request"
    mark = sealed(settings.secret, head["x-amz-date"], scope, asked.encode())
    credential = f"Credential={settings.access}/{scope}"
    return head | {"authorization": f"AWS4-HMAC-SHA256 {credential}, SignedHeaders={names}, Signature={mark}"}


def sealed(secret: str, stamp: str, scope: str, asked: bytes) -> str:
    """The signature of a question in its canonical form (Signature Version 4)."""
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    what = "\n".join(("AWS4-HMAC-SHA256", stamp, scope, sha256(asked).hexdigest()))
    return hmac.digest(key, what.encode(), "sha256").hex()


def judged(reply: Reply) -> Outcome | None:
    kind = reply.head.get("x-amzn-errortype", "").partition(":")[0]
    if reply.status == 200:
        return Outcome("sent", told(reply), reference=words(answer(reply), "MessageId") or None)
    if kind in _OURS and reply.status < 500:
        return Outcome("down", told(reply))
    if kind == "BadRequestException" and re.search(
        r"(?i)illegal address|invalid.*address|missing .*domain", reply.text
    ):
        return Outcome("bounced", told(reply), dead=True)
    return None


# --- what comes back ------------------------------------------------------------------------------


def reports(settings: Settings, call: Call) -> Sequence[Report]:
    """What SNS brings, once its signature is right; a subscription to our topic is confirmed."""
    sent = object_of(call.body)
    _believed(settings, sent, call)
    if words(sent, "Type") == "SubscriptionConfirmation":
        call.fetch(_amazons(words(sent, "SubscribeURL")))
        return []
    one = object_of(words(sent, "Message").encode())
    event = words(one, "eventType") or words(one, "notificationType")
    about = inside(one, event.lower())
    what = _what(event, about)
    if what is None:
        return []
    mail = inside(one, "mail")
    tags = inside(mail, "tags").get("habitue")
    mark = str(tags[0]).replace("-", ".") if isinstance(tags, list) and tags else ""
    return [
        Report(
            words(sent, "MessageId"),
            what,
            _at(words(about, "timestamp"), call),
            mark,
            words(mail, "messageId"),
            answer=_diagnostic(about),
            dead=what == "bounced" and words(about, "bounceType") == "Permanent",
            agent=words(about, "userAgent"),
            link=words(about, "link"),
        )
    ]


def _what(event: str, about: dict[str, Any]) -> Any:
    match event:
        case "Delivery":
            return "delivered"
        case "Open":
            return "opened"
        case "Click":
            return "clicked"
        case "Complaint" if words(about, "complaintFeedbackType") != "not-spam":
            return "complained"
        case "Bounce":
            return "bounced"
    return None


def _diagnostic(about: dict[str, Any]) -> str:
    gone = about.get("bouncedRecipients")
    first = gone[0] if isinstance(gone, list) and gone else None
    return (words(first, "diagnosticCode") or words(first, "status")) if isinstance(first, dict) else ""


def _at(when: str, call: Call) -> int:
    try:
        return min(instant(when, "UTC"), call.now) if when else call.now
    except (UserError, ValueError):
        return call.now


def _believed(settings: Settings, sent: dict[str, Any], call: Call) -> None:
    """Raises `Forged` for what SNS has not signed, or what comes from a topic that is not ours."""
    names = _SIGNED.get(words(sent, "Type"))
    if names is None:
        raise Unread
    if not settings.topic or words(sent, "TopicArn") != settings.topic:
        raise Forged
    told_ = "".join(f"{name}\n{words(sent, name)}\n" for name in names if name in sent)
    hashed = {"1": hashes.SHA1(), "2": hashes.SHA256()}.get(words(sent, "SignatureVersion"))
    try:
        certificate = x509.load_pem_x509_certificate(call.fetch(_amazons(words(sent, "SigningCertURL"))))
        key, mark = certificate.public_key(), b64decode(words(sent, "Signature"), validate=True)
    except (ValueError, Error) as error:
        raise Forged from error
    if hashed is None or not isinstance(key, RSAPublicKey):
        raise Forged
    try:
        key.verify(mark, told_.encode(), PKCS1v15(), hashed)
    except InvalidSignature as error:
        raise Forged from error


def _amazons(url: str) -> str:
    """The address, where it is one of SNS itself. Raises `Forged`."""
    try:
        where = urlsplit(url)
        port = where.port
    except ValueError as error:
        raise Forged from error
    odd = where.username is not None or port not in (None, 443) or "\\" in url
    if where.scheme != "https" or odd or not _SNS.fullmatch(where.hostname or ""):
        raise Forged
    return url
