"""Who is to be erased and who was: requests until they are done, and then only keyed hashes of the keys."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

from msgspec import Struct

from habitue.kernel.clock import Micros
from habitue.store import acts
from habitue.store.ops import Ops, Tx
from habitue.store.tables import erasure, suppression

SECRET: Final = "suppression_secret"
REASON: Final = "erased"
HISTORY: Final = "history"
ALL: Final = "all"
"""Of the rows in `suppression`: keys that must not come back out of an old file, and addresses that nobody
may write to until they say yes again themselves."""

_AT_ONCE: Final = 10_000


class Request(Struct, frozen=True):
    """Who asked when to erase how many people, why (`asked`, `retention`, `replay`), and when it was done.

    `plan` (JSON) is whom, and gone as soon as nothing of them is left in the database.
    """

    id: int
    asked: Micros
    by: str
    reason: str
    people: int
    plan: Any
    done: Micros | None


def ask(ops: Ops, by: str, reason: str, people: int, plan: Any, now: Micros) -> int:
    """Note a request; durable on return. Its number."""
    values = {"asked": now, "by": by, "reason": reason, "people": people, "plan": plan}
    with ops.begin() as tx:
        return int(tx.execute(erasure.insert().values(values).returning(erasure.c.id)).scalar_one())


def every(ops: Ops) -> list[Request]:
    """All requests, the latest first."""
    with ops.read() as tx:
        return [Request(**row._mapping) for row in tx.execute(erasure.select().order_by(erasure.c.id.desc()))]


def undone(ops: Ops) -> list[Request]:
    """Those that are not done yet, the oldest first."""
    open_ = erasure.select().where(erasure.c.done.is_(None)).order_by(erasure.c.id)
    with ops.read() as tx:
        return [Request(**row._mapping) for row in tx.execute(open_)]


def forget(tx: Tx, request: Request, keys: Sequence[str], secret: str) -> None:
    """Keep no more of whom it is about than hashes of their keys."""
    ways = [(hashed(secret, key), HISTORY) for key in keys]
    ways += [(hashed(secret, key), ALL) for key in keys if key.startswith(("email:", "phone:"))]
    _enter(tx, ways, request.asked, f"erasure:{request.id}")
    tx.execute(erasure.update().where(erasure.c.id == request.id).values(plan=None))


def finish(ops: Ops, request: Request, now: Micros) -> None:
    """Note that it is done, and for ever who asked; nothing of whom."""
    detail = {"people": request.people, "reason": request.reason, "asked": request.asked}
    about = f"erasure:{request.id}"
    with ops.begin() as tx:
        tx.execute(erasure.update().where(erasure.c.id == request.id).values(done=now))
        acts.note(tx, now, request.by, "erase", about, **detail)


def secret(ops: Ops) -> str:
    """What keys the hashes of this workspace."""
    return ops.setting(SECRET) or ""


def hashed(secret: str, key: str) -> str:
    """The keyed hash of a key (HMAC-SHA-256): without the secret nobody can try names against it."""
    return hmac.new(bytes.fromhex(secret), key.encode(), sha256).hexdigest()


def erased(ops: Ops) -> dict[str, Micros]:
    """The hashes of all keys ever erased, and when that was asked last."""
    mine = suppression.select().where(suppression.c.reason == REASON, suppression.c.channel == HISTORY)
    with ops.read() as tx:
        return {row.hash: int(row.at) for row in tx.execute(mine.order_by(suppression.c.id))}


def learn(ops: Ops, hashes: Mapping[str, Micros]) -> int:
    """Take in hashes that were kept elsewhere; how many were new."""
    known = erased(ops)
    fresh = {one: at for one, at in hashes.items() if known.get(one, -1) < at}
    with ops.begin() as tx:
        for one, at in fresh.items():
            _enter(tx, [(one, HISTORY)], at, "erasure:list")
    return len(fresh)


def _enter(tx: Tx, ways: Sequence[tuple[str, str]], at: Micros, source: str) -> None:
    same = {"reason": REASON, "lifted": False, "at": at, "source": source}
    rows = [{"hash": one, "channel": channel} | same for one, channel in ways]
    for first in range(0, len(rows), _AT_ONCE):
        tx.execute(suppression.insert(), rows[first : first + _AT_ONCE])


def among(secret: str, known: Mapping[str, Micros], keys: Iterable[str]) -> dict[str, Micros]:
    """Those of the keys that were erased, and when."""
    hashes = ((key, hashed(secret, key)) for key in keys) if known else ()
    return {key: known[one] for key, one in hashes if one in known}
