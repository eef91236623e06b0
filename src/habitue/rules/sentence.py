"""A rule as a sentence in English or French: "customers who placed at least 3 orders in the last 90 days".

Every condition becomes a clause that goes on after "customers" or "accounts"; clauses are joined as
the language joins lists, groups inside groups stand in parentheses. Whole clauses are messages: a
translator may turn them round as the language wants.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from habitue.kernel.i18n import N_, Language
from habitue.rules.gone import gone
from habitue.rules.nodes import (
    Account,
    And,
    AnyMember,
    Cadence,
    Compare,
    Consent,
    Count,
    Distinct,
    Ever,
    Held,
    Last,
    Members,
    Never,
    Not,
    Or,
    Prop,
    Rule,
    Score,
    Segment,
    SinceFirst,
    SinceLast,
    Stage,
    Sum,
    Trait,
)
from habitue.rules.opposite import NONE, opposite
from habitue.rules.phrases import (
    AMOUNTS,
    ANYWHERE,
    CONSENTS,
    ELAPSED,
    NOUNS,
    NUMERIC,
    OTHER,
    PACED,
    PHRASES,
    QUANTITIES,
    TEXTUAL,
    Phrase,
)
from habitue.rules.spoken import Spoken, unit

Subject = Literal["person", "account"]


def sentence(
    rule: Rule,
    language: Language,
    subject: Subject = "person",
    names: Mapping[str, str] | None = None,
    currency: str | None = None,
) -> str:
    """The rule as a noun phrase without a full stop, for a list's title or after "This is about".

    `names` has what ids are called (`vip`, `transactional`, `transactional.dormant`) and events
    (`event.Order Completed`); `currency` is for amounts of revenue, which are bare numbers without it.
    """
    return _Voice(language, names or {}, currency).about(rule, subject)


def points(
    rule: Rule,
    language: Language,
    subject: Subject = "person",
    names: Mapping[str, str] | None = None,
    currency: str | None = None,
) -> tuple[str, list[str]] | None:
    """The rule as a line that a list follows; None where it is short enough to be read as one sentence."""
    return _Voice(language, names or {}, currency).points(rule, subject)


class _Voice(Spoken):
    """Speaks of one kind of subject in one language."""

    def __init__(self, language: Language, names: Mapping[str, str], currency: str | None) -> None:
        super().__init__(language, currency)
        self.names = names
        self.subject: Subject = "person"
        self.listed = False

    def about(self, rule: Rule, subject: Subject) -> str:
        head = N_("customers {which}") if subject == "person" else N_("accounts {which}")
        return self.t(head, which=self.of(rule, subject))

    def points(self, rule: Rule, subject: Subject) -> tuple[str, list[str]] | None:
        if not isinstance(rule, And | Or) or (isinstance(rule, And) and gone(rule)):
            return None
        parts = rule.items
        if len(parts) < _MANY and not any(isinstance(one, And | Or) or len(_done(one)) > 1 for one in parts):
            return None
        person = subject == "person"
        if isinstance(rule, Or):
            head = (
                N_("customers to whom one of these applies:")
                if person
                else N_("accounts to which one of these applies:")
            )
        else:
            head = (
                N_("customers to whom all of these apply:")
                if person
                else N_("accounts to which all of these apply:")
            )
        return self.t(head), [self.of(one, subject) for one in parts]

    def of(self, rule: Rule, subject: Subject | None = None) -> str:
        """The clause of a rule inside another; in parentheses where it would run into the next one."""
        before = self.subject, self.listed
        self.subject, self.listed = subject or self.subject, False
        said = self.clause(rule)
        self.subject, self.listed = before
        return f"({said})" if self.listed else said

    def who(self, phrase: str) -> str:
        text = N_("who {phrase}") if self.subject == "person" else N_("that {phrase}")
        return self.t(text, phrase=phrase)

    def clause(self, rule: Rule) -> str:
        match rule:
            case And(items):
                who = gone(rule)
                return self.leaving(*who) if who else self.group(items, "standard")
            case Or(items):
                return self.group(items, "or")
            case Not(item):
                return self.negated(item)
            case Compare():
                return self.compared(rule)
            case Ever() | Never():
                return self.happened(rule)
            case AnyMember(inner):
                return self.members(inner, ">=", 1)
        return self.who(self.belonging(rule))

    def belonging(self, rule: Rule) -> str:
        match rule:
            case Held(inner, length):
                text = N_("for at least {length} without a break have been among those {which}")
                return self.t(text, length=self.length(length), which=self.of(inner))
            case Segment(name):
                return self.t(N_("are in the segment {name}"), name=self.named(name))
            case Consent(channel):
                return self.consent(channel, agreed=True)
            case Account(inner):
                return self.t(N_("belong to one of the accounts {which}"), which=self.of(inner, "account"))
        raise TypeError(f"no words for {rule}")

    def negated(self, rule: Rule) -> str:
        """The opposite, said simply where it can be."""
        match rule:
            case Segment(name):
                return self.who(self.t(N_("are not in the segment {name}"), name=self.named(name)))
            case Consent(channel):
                return self.who(self.consent(channel, agreed=False))
        simple = opposite(rule)
        if simple is not None:
            return self.clause(simple)
        return self.who(self.t(N_("are not among those {which}"), which=self.of(rule)))

    def leaving(self, event: Ever, after: tuple[Ever, ...]) -> str:
        """Who did something and none of others since: said as people say it, not as it is worked out."""
        never = [self.detailed(self.said(Never(one.events), "never"), one) for one in after]
        text = N_("{phrase}, and since then {never}")
        phrase = self.detailed(self.said(event, "ever"), event)
        return self.who(self.t(text, phrase=phrase, never=self.joined(never, "standard")))

    def group(self, items: tuple[Rule, ...], style: Literal["standard", "or"]) -> str:
        """All or any of several; a group inside a group stands in parentheses."""
        before, self.listed = self.listed, True
        said = self.joined([self.clause(item) for item in items], style)
        self.listed = before
        return f"({said})" if self.listed else said

    # --- comparisons ---

    def compared(self, rule: Compare) -> str:
        match rule.measure:
            case Trait(path):
                return self.t(N_("whose {condition}"), condition=self.condition(path, rule.op, rule.value))
            case Score(path):
                text = N_("whose {name} score {is_so}")
                return self.t(text, name=self.quoted(".".join(path)), is_so=self.is_so(rule.op, rule.value))
            case Members(inner):
                return self.members(inner, rule.op, rule.value)
            case Stage(model):
                return self.who(self.staged(model, rule.op, rule.value))
            case Last() as last:
                return self.last(last, rule.op, rule.value)
            case SinceLast() | SinceFirst() as measure:
                return self.elapsed(measure, rule.op, rule.value)
        return self.counted(rule.measure, rule.op, rule.value)

    def counted(self, measure: Any, op: str, value: Any) -> str:
        """A count, a sum or a number of different values against numbers."""
        if op == "not in":
            return self.clause(_none_of(measure, value))
        if isinstance(measure, Count) and (op, value) in NONE:
            return self.who(self.detailed(self.said(measure, "never"), measure))
        return self.who(self.detailed(self.much(measure, op, value), measure))

    def much(self, measure: Any, op: str, value: Any) -> str:
        if isinstance(measure, Count) and self.phrase(measure) is OTHER and _simpler(op, value) == (">=", 1):
            return self.said(measure, "ever")
        over = self.said(measure, "over")
        match measure:
            case Sum(("Order Completed",), Prop(("revenue",))):
                return self.t(N_("spent {quantity}"), quantity=self.quantity(op, value, AMOUNTS, money=True))
            case Sum(_, Prop(path)):
                quantity = self.quantity(op, value, AMOUNTS, money=path == ("revenue",))
                text = N_("total {quantity} of {name} {over}")
                return self.t(text, quantity=quantity, name=self.quoted(".".join(path)), over=over)
            case Distinct(_, Prop(path)):
                one = N_("have {quantity} value of {name} {over}")
                many = "have {quantity} different values of {name} {over}"
                fields = {"name": self.quoted(".".join(path)), "over": over}
            case _:
                phrase = self.phrase(measure)
                one, many, fields = phrase.one, phrase.many, {"events": self.events(measure)}
        op, value = _simpler(op, value)
        return self.t.n(one, many, _most(value), quantity=self.quantity(op, value), **fields)

    def members(self, inner: Rule, op: str, value: Any) -> str:
        which = self.of(inner, "person")
        if op == "not in":
            return self.clause(_none_of(Members(inner), value))
        if (op, value) in NONE:
            return self.who(self.t(N_("have no member among the customers {which}"), which=which))
        op, value = _simpler(op, value)
        one = N_("have {quantity} member among the customers {which}")
        many = "have {quantity} members among the customers {which}"
        return self.who(self.t.n(one, many, _most(value), quantity=self.quantity(op, value), which=which))

    def elapsed(self, measure: SinceLast | SinceFirst, op: str, value: Any) -> str:
        phrase = self.detailed(
            self.said(measure, "last" if isinstance(measure, SinceLast) else "first"), measure
        )
        if isinstance(value, Cadence):
            length, factor = self.length(value.default), self.number(value.factor)
            return self.who(self.t(PACED[op], phrase=phrase, factor=factor, length=length))
        return self.who(self.t(ELAPSED[op], phrase=phrase, length=self.length(value)))

    def last(self, measure: Last, op: str, value: Any) -> str:
        if (op, value) == ("==", None):
            return self.clause(Not(Compare(measure, "!=", None)))
        condition = self.condition(measure.prop.path, op, value)
        phrase = self.detailed(self.said(measure, "last"), measure)
        return self.who(self.t(N_("{phrase}, where {condition}"), phrase=phrase, condition=condition))

    def staged(self, model: str, op: str, value: Any) -> str:
        if value is None:
            text = N_("are in the model {model}") if op == "!=" else N_("are outside the model {model}")
            return self.t(text, model=self.named(model))
        stages = [self.quoted(self.names.get(f"{model}.{one}", one)) for one in _listed(value)]
        text = (
            N_("are in the stage {stage} of the model {model}")
            if op in ("==", "in")
            else N_("are in a stage other than {stage} of the model {model}")
        )
        return self.t(text, stage=self.joined(stages, "or"), model=self.named(model))

    # --- events ---

    def happened(self, rule: Ever | Never) -> str:
        return self.who(self.detailed(self.said(rule, "ever" if isinstance(rule, Ever) else "never"), rule))

    def phrase(self, measure: Any) -> Phrase:
        return PHRASES.get(measure.events[0], OTHER) if len(measure.events) == 1 else OTHER

    def events(self, measure: Any) -> str:
        names = [self.names.get(f"event.{name}", name) for name in measure.events]
        return self.joined([self.quoted(name) for name in names], "or")

    def said(self, measure: Any, form: str) -> str:
        """Several well-known events, that happened or not, each by its own phrase."""
        if form in ("ever", "never") and all(name in PHRASES for name in measure.events):
            phrases = [self.t(getattr(PHRASES[name], form)) for name in measure.events]
            return self.joined(phrases, "or" if form == "ever" else "standard")
        return self.t(getattr(self.phrase(measure), form), events=self.events(measure))

    def detailed(self, phrase: str, measure: Any) -> str:
        """The phrase with the measure's `where`, `within` and `since`."""
        if measure.where is not None:
            text = N_("{phrase} (where {conditions})")
            phrase = self.t(text, phrase=phrase, conditions=self.conditions(measure.where))
        if getattr(measure, "within", None) is not None:
            phrase = self.windowed(phrase, measure.within)
        if getattr(measure, "since", None) is not None:
            since = self.detailed(self.said(measure.since, "last"), measure.since)
            phrase = self.t(N_("{phrase} since they {event}"), phrase=phrase, event=since)
        return phrase

    def windowed(self, phrase: str, length: int) -> str:
        name, size = unit(length)
        n, say = length // size, self.t
        match name:
            case "day":
                return say.n("{phrase} in the last day", "{phrase} in the last {n} days", n, phrase=phrase)
            case "hour":
                return say.n("{phrase} in the last hour", "{phrase} in the last {n} hours", n, phrase=phrase)
        return say.n("{phrase} in the last minute", "{phrase} in the last {n} minutes", n, phrase=phrase)

    def conditions(self, where: Rule) -> str:
        match where:
            case And(items):
                return self.joined([self.grouped(item) for item in items], "standard")
            case Or(items):
                return self.joined([self.grouped(item) for item in items], "or")
            case Not(item):
                simple = opposite(item)
                text = N_("not ({condition})")
                return self.conditions(simple) if simple else self.t(text, condition=self.conditions(item))
            case Compare(Prop(path), op, value):
                return self.condition(path, op, value)
        raise TypeError(f"no words for {where}")

    def grouped(self, where: Rule) -> str:
        return f"({self.conditions(where)})" if isinstance(where, And | Or) else self.conditions(where)

    # --- plain values ---

    def condition(self, path: tuple[str, ...], op: str, value: Any) -> str:
        """A trait or property against a value: "country is “FR”"."""
        is_so = self.is_so(op, value)
        if len(path) == 1 and path[0] in NOUNS:
            return self.t(NOUNS[path[0]], is_so=is_so)
        return self.t(N_("{name} {is_so}"), name=self.quoted(".".join(path)), is_so=is_so)

    def is_so(self, op: str, value: Any) -> str:
        if value is None:
            return self.t(N_("is not set")) if op == "==" else self.t(N_("is set"))
        texts = TEXTUAL if isinstance(value, str | bool) or op not in NUMERIC else NUMERIC
        return self.t(texts[op], value=self.joined([self.value(one) for one in _listed(value)], "or"))

    def quantity(
        self, op: str, value: Any, texts: Mapping[str, str] = QUANTITIES, money: bool = False
    ) -> str:
        numbers = [self.amount(one) if money else self.number(one) for one in _listed(value)]
        return self.t(texts[op], number=self.joined(numbers, "or"))

    def consent(self, channel: str, agreed: bool) -> str:
        return self.t(CONSENTS.get(channel, ANYWHERE)[0 if agreed else 1], channel=self.quoted(channel))

    def named(self, name: str) -> str:
        return self.quoted(self.names.get(name, name))


_MANY: Final = 3
"""So many parts are easier to read as a list."""


def _done(rule: Rule) -> tuple[str, ...]:
    """The events of what is told as having happened."""
    return rule.events if isinstance(rule, Ever) else ()


def _listed(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def _simpler(op: str, value: Any) -> tuple[str, Any]:
    """Of what is counted in whole numbers, more than 2 is at least 3, and other than 0 is at least 1."""
    return (
        (">=", value + 1)
        if (op == ">" and isinstance(value, int)) or (op, value) == ("!=", 0)
        else (op, value)
    )


def _most(value: Any) -> Any:
    """The number that decides on the plural."""
    return max(_listed(value))


def _none_of(measure: Any, values: tuple[Any, ...]) -> Rule:
    each = tuple(Compare(measure, "!=", value) for value in values)
    return And(each) if len(each) > 1 else each[0]
