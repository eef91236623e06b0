"""Coupon codes: one for each claim and never one for two, good for a time, so many and no more.

A code is taken in the transaction that says what it is for. The same claim gets the same code again: whoever
died in between asks again and nothing is lost. A code that was given is given to nobody else, used or not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from secrets import choice
from typing import Any, Final

from msgspec import Struct

from habitue.kernel.clock import DAY, Micros, iso
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.rules.problem import nearest
from habitue.store import coupons
from habitue.store.ops import Ops, Tx
from habitue.templates.fault import Unfit
from habitue.templates.shape import SLUG

LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""None that is taken for another when it is read out."""
LONG: Final = 8
"""Letters of a code that is made here: 10^12 of them, so that nobody finds one by trying."""
MOST: Final = 10_000_000
TRIES: Final = 20
_CODE: Final = re.compile(r"[\w.+/-][\w.+/ -]{0,62}")
_PREFIX: Final = re.compile(r"[A-Z0-9]{0,16}")


class Pool(Struct, frozen=True):
    """A pool as it stands: how many codes are there (of those that a shop brought), given, and redeemed."""

    slug: str
    name: str
    value: str = ""
    prefix: str | None = ""
    most: int | None = None
    days: int | None = None
    until: Micros | None = None
    there: int = 0
    given: int = 0
    redeemed: int = 0
    made: Micros = 0
    by: str = ""
    ended: Micros | None = None

    @property
    def left(self) -> int | None:
        """How many can still be given; None for as many as are wanted."""
        if self.ended is not None:
            return 0
        caps = [self.most - self.given] if self.most is not None else []
        if self.prefix is None:
            caps.append(self.there - self.given)
        return max(0, min(caps)) if caps else None


class Coupon(Struct, frozen=True):
    """A code that was given: `coupon.*` of templates."""

    code: str
    expires: Micros | None
    value: str

    def fields(self) -> dict[str, str]:
        told = {"code": self.code, "value": self.value, "expires": iso(self.expires) if self.expires else ""}
        return {name: said for name, said in told.items() if said}


class Used(Struct, frozen=True):
    """What became of a code that somebody used: `redeemed`, `again`, `late`, `never given` or `unknown`."""

    state: str
    pool: str | None = None
    person: int | None = None


def make(ops: Ops, pool: Pool, now: Micros, by: str = "") -> None:
    """Add a pool. Raises `UserError`."""
    if not SLUG.fullmatch(pool.slug):
        text = N_("“{name}” can't name a pool of coupons. Use small letters, digits, - and _.")
        raise UserError(text, name=pool.slug[:80])
    if pool.prefix is not None and not _PREFIX.fullmatch(pool.prefix):
        raise UserError(N_("What a code begins with is written in capital letters and digits, 16 at most."))
    if pool.most is not None and not 0 < pool.most <= MOST:
        raise UserError(N_("A pool gives between 1 and {most} codes."), most=MOST)
    if pool.days is not None and not 0 < pool.days <= 3660:
        raise UserError(N_("A code is good for between 1 and 3,660 days."))
    values = {
        name: getattr(pool, name) for name in ("slug", "name", "value", "prefix", "most", "days", "until")
    }
    if not coupons.make(ops, values, now, by):
        raise UserError(N_("There is a pool “{name}” already."), name=pool.slug)


def load(ops: Ops, slug: str, codes: Iterable[str]) -> tuple[int, int]:
    """Add a shop's own codes to a pool made for them; how many were new, and how many are no codes."""
    found = {folded(one): one.strip() for one in codes if one.strip()}
    good = [(code, key) for key, code in found.items() if _CODE.fullmatch(code) and key]
    with ops.begin() as tx:
        pool = coupons.pool(tx, slug)
        if pool is None:
            raise _unknown(ops, slug)
        if pool.prefix is not None:
            raise UserError(N_("The pool “{name}” makes its own codes."), name=slug)
        return coupons.load(tx, pool.id, good), len(found) - len(good)


def pools(ops: Ops) -> list[Pool]:
    """Every pool, the oldest first."""
    return [_read(row) for row in coupons.pools(ops)]


def end(ops: Ops, slug: str, now: Micros, by: str = "") -> None:
    """Give no more of a pool; what was given stays good."""
    if slug not in {one.slug for one in pools(ops)}:
        raise _unknown(ops, slug)
    coupons.end(ops, slug, now, by)


def _unknown(ops: Ops, slug: str) -> UserError:
    near = nearest(slug, [one.slug for one in pools(ops)])
    if near:
        return UserError(N_("There is no pool “{name}”. Did you mean “{near}”?"), name=slug, near=near)
    return UserError(N_("There is no pool “{name}”."), name=slug)


def _read(row: Any) -> Pool:
    return Pool(
        row.slug,
        row.name,
        row.value,
        row.prefix,
        row.most,
        row.days,
        row.until,
        row.there or 0,
        row.given,
        row.redeemed or 0,
        row.made,
        row.by,
        row.ended,
    )


# --- giving ---------------------------------------------------------------------------------------


def take(tx: Tx, slug: str, claim: str, person: int, now: Micros) -> Coupon:
    """The code for this claim, such as `message:17`: the one it was given, or the next.

    Raises `Unfit` where there is none left, or the pool has ended: then nothing is sent.
    """
    pool = coupons.pool(tx, slug, locked=True)
    if pool is None:
        raise Unfit("missing", N_("There is no pool “{name}”."), name=slug)
    known = coupons.held(tx, pool.id, claim)
    if known is None:
        known = coupons.give(tx, _next(tx, pool, now), _given(pool, claim, person, now))
    return Coupon(known.code, known.expires, pool.value)


def take_back(tx: Tx, claims: Iterable[str]) -> int:
    """What was claimed reached nobody: the codes are given again, unless somebody used one."""
    return coupons.take_back(tx, [*claims])


def held(tx: Tx, slug: str, claim: str) -> Coupon | None:
    """The code that was given for this claim, if one was."""
    pool = coupons.pool(tx, slug)
    known = coupons.held(tx, pool.id, claim) if pool else None
    return Coupon(known.code, known.expires, pool.value) if pool and known else None


def filled(
    tx: Tx, values: Mapping[str, Any], claim: str, person: int, now: Micros, giving: bool = True
) -> dict[str, Any]:
    """A message's values with the code in them, where they name a pool: `{"coupon": {"pool": "welcome"}}`."""
    wanted = values.get("coupon")
    slug = wanted.get("pool") if isinstance(wanted, Mapping) else None
    if not isinstance(slug, str):
        return dict(values)
    found = take(tx, slug, claim, person, now) if giving else held(tx, slug, claim)
    return {**values, "coupon": found.fields() if found else {}}


def _next(tx: Tx, pool: Any, now: Micros) -> int:
    ended = pool.ended is not None or (pool.until is not None and pool.until <= now)
    if ended or (pool.most is not None and pool.given >= pool.most):
        raise Unfit("missing", N_("The pool “{name}” gives no more codes."), name=pool.slug)
    if pool.prefix is None:
        number = coupons.free(tx, pool.id)
    else:
        made = (_made(pool.prefix) for _ in range(TRIES))
        number = next((n for code in made if (n := coupons.invent(tx, pool.id, code, folded(code)))), None)
    if number is None:
        raise Unfit("missing", N_("The pool “{name}” has no code left."), name=pool.slug)
    return number


def _given(pool: Any, claim: str, person: int, now: Micros) -> dict[str, Any]:
    ends = [now + pool.days * DAY] if pool.days is not None else []
    ends += [pool.until] if pool.until is not None else []
    return {"claim": claim, "person": person, "given": now, "expires": min(ends, default=None)}


def _made(prefix: str) -> str:
    letters = "".join(choice(LETTERS) for _ in range(LONG))
    return f"{prefix}-{letters}" if prefix else f"{letters[:4]}-{letters[4:]}"


def folded(code: str) -> str:
    """What of a code counts: customers type small letters, blanks and dashes as they like."""
    return re.sub(r"[\W_]", "", code.upper())


# --- used -----------------------------------------------------------------------------------------


def redeem(tx: Tx, code: str, order: str | None, at: Micros) -> Used:
    """Note that a code was used, once: the same order again changes nothing."""
    found = coupons.find(tx, folded(code)) if folded(code) else None
    if found is None:
        return Used("unknown")
    if found.given is None:
        return Used("never given", found.slug)
    late = found.expires is not None and at > found.expires
    if coupons.redeem(tx, found.id, order, at):
        return Used("late" if late else "redeemed", found.slug, found.person)
    return Used(
        "redeemed" if order is not None and found.order == order else "again", found.slug, found.person
    )
