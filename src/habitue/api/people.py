"""The command line's commands about whole customers, accounts and traits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import json, to_builtins

from habitue.api import personal, portrait
from habitue.api.answer import Answer, Cell, Column, Facts, Sheet
from habitue.api.perform import Asked, perform
from habitue.api.whole import Membership
from habitue.app.customers import Customer, Standing
from habitue.kernel import clock, money
from habitue.kernel.clock import Micros
from habitue.kernel.i18n import N_, Translator
from habitue.people import terms
from habitue.people.accounts import Account
from habitue.people.consent import NAMES
from habitue.people.keys import bare
from habitue.people.orders import Order
from habitue.people.profiles import Happening
from habitue.people.traits import Said, Settled

SHOWN = 10
"""So many orders and events are shown in the terminal; all are in the JSON."""

_BY = {
    "order": N_("Order number"),
    "phone": N_("Phone"),
    "email": N_("E-mail"),
    "key": N_("Key"),
    "name": N_("Name"),
}

_TYPES = {
    "text": N_("text"),
    "number": N_("number"),
    "boolean": N_("true or false"),
    "date": N_("date"),
    "list": N_("list"),
}
_COUNTS = {"now": N_("current"), "then": N_("former"), "no": N_("outranked")}


@perform.register
def _search(command: personal.Search, asked: Asked) -> Answer:
    columns = (
        Column("customer", N_("Customer")),
        Column("name", N_("Name")),
        Column("email", N_("E-mail")),
        Column("phone", N_("Phone")),
        Column("by", N_("Found by"), names={by: asked.say(word) for by, word in _BY.items()}),
    )
    found = asked.shop.search(command.text, command.limit)
    return Sheet(columns, [(one.key, one.name, one.email, one.phone, one.by) for one in found])


@perform.register
def _customer(command: personal.Customer, asked: Asked) -> Answer:
    found = asked.shop.customer(command.customer)
    fields = to_builtins(portrait.customer(asked.shop, found))
    return Facts(fields, list(_Page(asked).customer(found)))


@perform.register
def _account(command: personal.Account, asked: Asked) -> Answer:
    found = asked.shop.account(command.account)
    fields = to_builtins(portrait.account(asked.shop, found))
    return Facts(fields, list(_Page(asked).account(found)))


@perform.register
def _traits(command: personal.Traits, asked: Asked) -> Answer:
    if command.customer is not None:
        return _history(asked.shop.customer(command.customer).history, asked.say)
    columns = (
        Column("trait", N_("Trait")),
        Column("type", N_("Type"), names={kind: asked.say(word) for kind, word in _TYPES.items()}),
        Column("customers", N_("Customers"), "count"),
        Column("share", N_("Share"), "share"),
        Column("mismatches", N_("Of another type"), "count"),
        Column("sources", N_("Said by")),
        Column("precedence", N_("Whose word counts")),
    )
    rows: list[tuple[Cell, ...]] = [
        (
            one.name,
            one.type,
            one.customers,
            one.share,
            one.mismatches,
            ", ".join(one.sources),
            " > ".join(one.precedence) or None,
        )
        for one in asked.shop.traits()
    ]
    return Sheet(columns, rows)


def _history(said: Iterable[Said], say: Translator) -> Sheet:
    columns = (
        Column("trait", N_("Trait")),
        Column("value", N_("Value")),
        Column("when", N_("When"), "time"),
        Column("source", N_("Source")),
        Column("key", N_("Key")),
        Column("counts", N_("Counts"), names={mark: say(word) for mark, word in _COUNTS.items()}),
    )
    rows: list[tuple[Cell, ...]] = [
        (one.name, _text(one.value), one.ts, one.source, one.key, _mark(one)) for one in said
    ]
    return Sheet(columns, rows)


def _mark(said: Said) -> str:
    return "now" if said.current else "then" if said.counted else "no"


@perform.register
def _prefer(command: personal.Prefer, asked: Asked) -> Answer:
    return _settled(asked.shop.prefer(command.sources, command.trait), asked.say)


@perform.register
def _declare(command: personal.Declare, asked: Asked) -> Answer:
    return _settled(asked.shop.declare(command.trait, command.type), asked.say)


def _settled(now: Settled, say: Translator) -> Facts:
    lines = [
        say(N_("{trait}: {order}"), trait=trait or say(N_("All other traits")), order=" > ".join(order))
        for trait, order in sorted(now.precedence.items())
    ]
    lines += [
        say(N_("{trait} is of type {type}."), trait=t, type=type_) for t, type_ in sorted(now.types.items())
    ]
    default = say(N_("The latest word counts; what a page says never overrides a verified source."))
    return Facts(to_builtins(now), lines or [default])


class _Page:
    """What a terminal shows of one customer or account."""

    def __init__(self, asked: Asked) -> None:
        self.asked, self.say = asked, asked.say
        self.zone, self.currency = asked.shop.settings.timezone, asked.shop.settings.currency

    def customer(self, one: Customer) -> Iterator[str]:
        say, person = self.say, one.profile
        yield f"{person.name or bare(person.key)} · {person.key}"
        yield say(N_("Known since {day}"), day=self.day(person.birth))
        yield say.n(
            "{n} order, {revenue} net",
            "{n} orders, {revenue} net",
            person.orders,
            revenue=self.money(person.revenue),
        )
        yield from self.part(N_("Stages"), map(self.standing, one.stages))
        yield from self.part(
            N_("Segments"),
            (
                say(N_("{segment} since {day}"), segment=s.segment, day=self.day(s.since))
                for s in one.segments
            ),
        )
        yield from self.part(N_("Keys"), one.identities.keys)
        yield from self.part(N_("Traits"), (self.trait(*each) for each in one.traits.items()))
        yield from self.part(
            N_("Consent"),
            (
                say(
                    N_("{channel}, {purpose}: agreed since {day}")
                    if c.agreed
                    else N_("{channel}, {purpose}: refused since {day}"),
                    channel=say(NAMES.get(c.channel, c.channel)),
                    purpose=c.purpose,
                    day=self.day(c.since),
                )
                for c in one.consents
            ),
        )
        yield from self.part(
            N_("Accounts"), (self.membership(m, m.account) for m in portrait.memberships(one.accounts))
        )
        yield from self.part(N_("Orders"), map(self.order, one.purchases[:SHOWN]))
        yield from self.part(N_("Events"), map(self.event, one.events[:SHOWN]))

    def account(self, one: Account) -> Iterator[str]:
        say = self.say
        yield one.key
        yield say(N_("Known since {day}"), day=self.day(one.birth))
        yield say.n(
            "{n} order, {revenue} net",
            "{n} orders, {revenue} net",
            one.orders,
            revenue=self.money(one.revenue),
        )
        yield from self.part(
            N_("Members"),
            (self.membership(m, m.name or bare(m.key)) for m in portrait.memberships(one.members)),
        )
        yield from self.part(N_("Traits"), (self.trait(*each) for each in one.traits.items()))
        yield from self.part(N_("Events"), map(self.event, one.events[:SHOWN]))

    def part(self, title: str, lines: Iterable[str]) -> Iterator[str]:
        """A title with what stands below it; nothing where there is nothing."""
        below = list(lines)
        if below:
            yield from ("", self.say(title), *(f"  {line}" for line in below))

    def standing(self, one: Standing) -> str:
        model = self.asked.shop.model(one.model)
        stages = {n: stage.name.said(self.asked.language) for n, stage in enumerate(model.stages)}
        called = model.kind.name.said(self.asked.language)
        if one.now is None:
            return self.say(N_("{model}: none"), model=called)
        fields = {"model": called, "stage": stages[one.now.value], "day": self.day(one.now.start)}
        if one.next is None:
            return self.say(N_("{model}: {stage} since {day}"), **fields)
        return self.say(
            N_("{model}: {stage} since {day}; {then} from {next} on if nothing happens"),
            **fields,
            then=stages[one.next.value],
            next=self.day(one.next.start),
        )

    def membership(self, one: Membership, name: str) -> str:
        since, until = self.day_of(one.since), self.day_of(one.until)
        told = self.say(N_("{name}, {role}"), name=name, role=one.role) if one.role else name
        if until:
            return self.say(N_("{member}: {since} to {until}"), member=told, since=since, until=until)
        return self.say(N_("{member}: since {since}"), member=told, since=since)

    def trait(self, name: str, value: object) -> str:
        return self.say(N_("{trait}: {value}"), trait=self.say(terms.trait(name)), value=_text(value))

    def order(self, one: Order) -> str:
        paid = self.money(one.revenue)
        if one.refunded:
            back = self.money(-one.refunded)
            return self.say(
                N_("{day} {order} {paid}, of which {back} paid back"),
                day=self.day(one.ts),
                order=one.order or "–",
                paid=paid,
                back=back,
            )
        return f"{self.day(one.ts)} {one.order or '–'} {paid}"

    def event(self, one: Happening) -> str:
        return f"{self.moment(one.ts)} {self.say(terms.event(one.name))}"

    def day(self, at: Micros) -> str:
        return clock.shown(at, self.zone, self.asked.language, "day")

    def day_of(self, at: str | None) -> str:
        return self.day(clock.instant(at, "UTC")) if at else ""

    def moment(self, at: Micros) -> str:
        return clock.shown(at, self.zone, self.asked.language)

    def money(self, amount: int) -> str:
        return money.shown(amount, self.currency, self.asked.language)


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.encode(value).decode()
