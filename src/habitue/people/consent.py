"""Consent: what customers answered about being reached, with its proof; and whom that lets one write to.

Read from the working copy. An answer that was acknowledged and has not reached it yet counts already where it
is a no: `allowed` asks for those in the caller's own transaction.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from hashlib import blake2b
from typing import Any, Final, Literal, get_args

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct, convert

from habitue.kernel.clock import Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.people.answers import EVENT, given
from habitue.people.circle import circle
from habitue.people.graph import Node
from habitue.people.strictest import Answer as Said
from habitue.people.strictest import deciding
from habitue.store.ops import Tx
from habitue.store.tables import inbox
from habitue.store.warehouse import Warehouse

Status = Literal["granted", "denied", "withdrawn", "pending"]

CHANNELS: Final = ("email", "sms", "push", "post", "phone", "web")
"""How somebody is reached; on `web` they are only watched, and the purposes are the banner's categories."""

SITE: Final = "inapp"
"""Messages on the shop's own site: nobody has to agree to be reached so, for they come by themselves. Who
wants none of them stands on the suppression list.
"""

STATUSES: Final = {
    "granted": N_("granted"),
    "denied": N_("refused"),
    "withdrawn": N_("withdrawn"),
    "pending": N_("asked, not confirmed"),
}

NAMES: Final = {
    "email": N_("e-mail"),
    "sms": N_("SMS"),
    "push": N_("push"),
    "post": N_("post"),
    "phone": N_("phone"),
    "web": N_("web"),
    SITE: N_("on the site"),
    "all": N_("all channels"),
}
"""What people call them, and all of them."""

MARKETING: Final = "marketing"

PROOF: Final = ("text", "text_id", "ip", "form", "by")

WAITING: Final = "consent:"
"""How the inbox calls parcels with an answer in them."""

_SLUG: Final = re.compile(r"[a-z][a-z0-9_-]{0,39}")


class Answer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What somebody answers, and what proves it.

    The text they were shown (its version, and the id under which it is recorded), the address it came from,
    and the form; `by` wrote it down for them.
    """

    channel: str = "email"
    purpose: str = MARKETING
    status: Status = "granted"
    text: str | None = None
    text_id: str | None = None
    ip: str | None = None
    form: str | None = None
    by: str | None = None


class Record(Struct, frozen=True):
    """An answer as it is kept: under which key, when, who sent it; `history` ones were read from a file."""

    at: Micros
    key: str
    channel: str
    purpose: str
    status: Status
    source: str
    history: bool
    text: str | None = None
    text_id: str | None = None
    ip: str | None = None
    form: str | None = None
    by: str | None = None


class Consent(Struct, frozen=True):
    """Where a customer stands on a channel and a purpose, by the one answer that decides.

    Status, instant and source are that answer's: the last no, or the yes or the question that came first
    since they stand there; of customers who turned out to be one, the stricter one's.
    """

    channel: str
    purpose: str
    status: Status
    agreed: bool
    since: Micros
    source: str | None


def meant(channel: str, purpose: str, known: Sequence[str] = CHANNELS) -> None:
    """Raise `UserError` for a channel that is none of those known, or what can't name a purpose."""
    if channel not in known:
        raise UserError(
            N_("“{channel}” is no channel. Choose one of {channels}."),
            channel=channel,
            channels=", ".join(known),
        )
    if not _SLUG.fullmatch(purpose):
        raise UserError(
            N_(
                "“{purpose}” can't name a purpose. Use small letters, digits and hyphens, such as newsletter."
            ),
            purpose=purpose,
        )


def checked(answer: Answer) -> Answer:
    """The answer; raises `UserError` for one that can't be kept."""
    meant(answer.channel, answer.purpose)
    if answer.status not in get_args(Status):
        raise UserError(
            N_("“{status}” is no answer. Choose one of {statuses}."),
            status=answer.status,
            statuses=", ".join(get_args(Status)),
        )
    return answer


def row(key: str, answer: Answer, at: Micros, name: str) -> dict[str, Any]:
    """The event by which an answer is kept; `name` tells it from all others: the same again is ignored."""
    props = {"channel": answer.channel, "purpose": answer.purpose, "status": answer.status}
    return {
        "id": blake2b(f"{WAITING}{name}".encode(), digest_size=16).digest(),
        "key": key,
        "account": None,
        "ts": at,
        "name": EVENT,
        "revenue": None,
        "props": msgspec.json.encode(props | msgspec.to_builtins(answer)).decode(),
        "also": None,
    }


def trait(channel: str, purpose: str = MARKETING) -> str:
    """The name under which rules read an answer: `consent("email")`, `consent("email.newsletter")`."""
    return f"consent.{channel}" if purpose == MARKETING else f"consent.{channel}.{purpose}"


_RECORDS: Final = """
    SELECT epoch_us(consent.ts) AS at, node.key, channel, purpose, status, consent.source, consent.history,
           props
    FROM consent JOIN node ON node.node = consent.node
    JOIN (SELECT seq, props FROM event WHERE person = $1) AS told ON told.seq = consent.seq
    WHERE consent.node IN (SELECT node FROM merged WHERE person = $1 UNION ALL SELECT $1)
    ORDER BY consent.ts DESC, consent.seq DESC, channel, purpose
"""


def records(warehouse: Warehouse, person: Node) -> list[Record]:
    """All that a customer ever answered, under whatever key, the latest first."""
    found = warehouse.read(_RECORDS, (person,)).to_pylist()
    return [Record(**(_proof(each.pop("props")) | each)) for each in found]


def standing(warehouse: Warehouse, person: Node) -> list[Consent]:
    """Where a customer stands now, by channel and purpose."""
    inside, _, groups = circle(warehouse.read, {person})
    decided = deciding(groups.links, given(warehouse.read, inside), person)
    return sorted(map(_stance, decided), key=lambda one: (one.channel, one.purpose != MARKETING, one.purpose))


def _stance(answer: Said) -> Consent:
    channel, _, purpose = answer.name.removeprefix("consent.").partition(".")
    status = convert(answer.status, Status)
    agreed = status == "granted"
    return Consent(channel, purpose or MARKETING, status, agreed, answer.ts, answer.source)


_ALLOWED: Final = """
    SELECT person FROM trait SEMI JOIN asked USING (person)
    WHERE name = ? AND ts <= make_timestamp(?)
    GROUP BY person HAVING arg_max(value, (ts, seq)) = 'true'
"""


def last_waiting(tx: Tx) -> int:
    """The number of the last answer that waits in the inbox; 0 where none does."""
    mine = inbox.c.key.between(WAITING, WAITING.replace(":", ";"))
    rows = inbox.select().with_only_columns(inbox.c.id).where(mine).order_by(inbox.c.id.desc()).limit(1)
    return int(tx.scalar(rows) or 0)


_WHOSE: Final = """
    SELECT coalesce(person, node) AS person FROM node LEFT JOIN merged USING (node) SEMI JOIN nos USING (key)
"""


def allowed(
    tx: Tx,
    warehouse: Warehouse,
    persons: Collection[Node],
    channel: str,
    purpose: str = MARKETING,
    *,
    now: Micros,
) -> set[Node]:
    """Those of these customers who agree to be reached so. Ask it in the transaction that sends.

    A no that waits in the inbox counts; a yes that does, doesn't yet.
    """
    asked = pa.table({"person": pa.array(sorted(persons), pa.int32())})
    return set(agreeing(tx, warehouse, asked, channel, purpose, now=now).to_pylist())


def agreeing(
    tx: Tx, warehouse: Warehouse, asked: pa.Table, channel: str, purpose: str = MARKETING, *, now: Micros
) -> pa.ChunkedArray:
    """The same, for as many as you like: a table with a column `person`."""
    refusing = pa.table({"key": pa.array(sorted(_refusing(tx, channel, purpose)), pa.string())})
    agreed = warehouse.read(_ALLOWED, (trait(channel, purpose), now), large=True, asked=asked)["person"]
    if not len(refusing):
        return agreed
    nos = warehouse.read(_WHOSE, nos=refusing)["person"]
    return agreed.filter(pc.invert(pc.is_in(agreed, nos.combine_chunks())))


def _refusing(tx: Tx, channel: str, purpose: str) -> set[str]:
    """The keys whose last answer among those that wait is no yes.

    Read before the working copy: what is gone from the inbox by now is in there.
    """
    last: dict[str, str] = {}
    for key, props in _waiting(tx):
        told = msgspec.json.decode(props, type=Answer)
        if (told.channel, told.purpose) == (channel, purpose) and told.status != "pending":
            last[key] = told.status
    return {key for key, status in last.items() if status != "granted"}


def _waiting(tx: Tx) -> Iterator[tuple[str, str]]:
    mine = inbox.c.key.between(WAITING, WAITING.replace(":", ";"))
    for body in tx.execute(inbox.select().with_only_columns(inbox.c.body).where(mine).order_by(inbox.c.id)):
        with pa.ipc.open_stream(body.body) as stream:
            rows = stream.read_all()
        yield from zip(rows["key"].to_pylist(), rows["props"].to_pylist(), strict=True)


def _proof(props: str) -> dict[str, Any]:
    """What stands beside an answer in its event."""
    told = msgspec.json.decode(props)
    return {name: str(told[name]) for name in PROOF if told.get(name) is not None}
