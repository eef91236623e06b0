"""The command line's commands about coupon codes."""

from __future__ import annotations

from typing import Final

from msgspec import to_builtins

from habitue.api import sent as commands
from habitue.api.answer import Answer, Column, Facts, Sheet
from habitue.api.perform import Asked, perform
from habitue.kernel.clock import instant
from habitue.kernel.i18n import N_
from habitue.templates.coupons import Pool

STATES: Final = {
    "redeemed": N_("{code} is used now."),
    "again": N_("{code} was used before, for another order."),
    "late": N_("{code} is used now, after its last day."),
    "never given": N_("{code} was never given to anybody."),
    "unknown": N_("Nobody knows {code}."),
}


@perform.register
def _coupons(_: commands.Coupons, asked: Asked) -> Answer:
    columns = (
        Column("pool", N_("Pool")),
        Column("name", N_("Name")),
        Column("value", N_("Value")),
        Column("given", N_("Given"), "count"),
        Column("redeemed", N_("Redeemed"), "count"),
        Column("left", N_("Left"), "count"),
        Column("until", N_("Until"), "time"),
        Column("ended", N_("Ended"), "time"),
    )
    rows = [
        (
            one.slug,
            one.name or None,
            one.value or None,
            one.given,
            one.redeemed,
            one.left,
            one.until,
            one.ended,
        )
        for one in asked.shop.coupon_pools()
    ]
    return Sheet(columns, rows)


@perform.register
def _new(command: commands.NewCoupons, asked: Asked) -> Answer:
    until = instant(command.until, asked.shop.settings.timezone) if command.until else None
    prefix = None if command.codes else command.prefix.upper()
    pool = Pool(
        command.pool, command.title, command.value, prefix, command.most, command.days, until, by=command.by
    )
    asked.shop.make_coupons(pool, command.by)
    new, wrong = asked.shop.load_coupons(command.pool, command.codes) if command.codes else (0, 0)
    say = asked.say
    lines = [say(N_("The pool “{name}” gives codes from now on."), name=command.pool)]
    if command.codes:
        lines.append(say.n("{n} code is in it.", "{n} codes are in it.", new))
    notes = [say.n("{n} line holds no code.", "{n} lines hold no code.", wrong)] if wrong else []
    return Facts({"pool": command.pool, "codes": new, "wrong": wrong}, lines, notes)


@perform.register
def _load(command: commands.LoadCoupons, asked: Asked) -> Answer:
    new, wrong = asked.shop.load_coupons(command.pool, command.codes)
    say = asked.say
    notes = [say.n("{n} line holds no code.", "{n} lines hold no code.", wrong)] if wrong else []
    lines = [say.n("{n} code is new.", "{n} codes are new.", new)]
    return Facts({"pool": command.pool, "codes": new, "wrong": wrong}, lines, notes)


@perform.register
def _end(command: commands.EndCoupons, asked: Asked) -> Answer:
    asked.shop.end_coupons(command.pool, command.by)
    line = asked.say(N_("The pool “{name}” gives no more codes. Those given stay good."), name=command.pool)
    return Facts({"pool": command.pool}, [line])


@perform.register
def _use(command: commands.UseCoupon, asked: Asked) -> Answer:
    used = asked.shop.redeem(command.code, command.order)
    return Facts(
        {"code": command.code, **to_builtins(used)}, [asked.say(STATES[used.state], code=command.code)]
    )
