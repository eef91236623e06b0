"""Whether a rule makes sense: operators that fit, names that exist, the right subject, no circles.

`accept` is the gate for rules from people: it reads, checks, and refuses with every error at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias

import re2

from habitue.kernel.i18n import N_
from habitue.rules.catalogue import Catalogue
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
    Node,
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
from habitue.rules.problem import Problem, RuleError, nearest
from habitue.rules.read import HOLE, Reading, read

Subject: TypeAlias = Literal["person", "account"]
Reference: TypeAlias = tuple[Literal["segment", "model", "watch"], str]

PATTERN: Final = 1_000
ORDERS: Final = ("<", "<=", ">", ">=")
SAME: Final = ("==", "!=")
LISTS: Final = ("in", "not in")


def accept(
    text: str,
    subject: Subject = "person",
    catalogue: Catalogue | None = None,
    models: Mapping[str, Collection[str]] | None = None,
    segments: Collection[str] | None = None,
) -> tuple[Rule, list[Problem]]:
    """The rule and its warnings; raises `RuleError` with all errors, of wording and of meaning."""
    reading = read(text)
    found = [*reading.problems, *check(reading.rule, subject, catalogue, models, segments, reading)]
    if any(problem.severity == "error" for problem in found):
        raise RuleError(found)
    return reading.rule, found


def check(
    rule: Rule,
    subject: Subject = "person",
    catalogue: Catalogue | None = None,
    models: Mapping[str, Collection[str]] | None = None,
    segments: Collection[str] | None = None,
    reading: Reading | None = None,
) -> list[Problem]:
    """Every problem of meaning. `models` gives each model's stages; what is not given is not checked.

    With the `reading` that the rule came from, problems know their column.
    """
    checker = _Checker(catalogue, models, segments, reading)
    checker.rule(rule, subject)
    return sorted(checker.problems, key=lambda p: (p.column, p.length))


def cycle(definitions: Mapping[Reference, Sequence[Rule]]) -> Problem | None:
    """The circle, if any, in which definitions refer to each other, each given with all its rules."""
    done: set[Reference] = set()

    def visit(here: Reference, path: tuple[Reference, ...]) -> tuple[Reference, ...] | None:
        if here in path:
            return (*path[path.index(here) :], here)
        if here in done:
            return None
        found = (visit(to, (*path, here)) for rule in definitions.get(here, ()) for to in references(rule))
        circle = next((one for one in found if one), None)
        done.add(here)
        return circle

    for start in definitions:
        if circle := visit(start, ()):
            path = " → ".join(name for _, name in circle)
            return Problem(0, 0, N_("These refer to each other in a circle: {path}."), {"path": path})
    return None


def references(rule: Rule) -> list[Reference]:
    """The segments and models that the rule names, in order."""
    found: list[Reference] = []
    for node in walk(rule):
        if isinstance(node, Segment):
            found.append(("segment", node.id))
        elif isinstance(node, Stage):
            found.append(("model", node.model))
    return found


def walk(node: Node) -> Iterator[Node]:
    """The node and every node below it."""
    yield node
    for field in node.__struct_fields__:
        value = getattr(node, field)
        for inner in value if isinstance(value, tuple) else (value,):
            if isinstance(inner, Node):
                yield from walk(inner)


# --- which operator goes with which measure, and with which kinds of value ------------------------

_ANY: Final = {
    **dict.fromkeys(SAME, ("text", "number", "bool", "none")),
    **dict.fromkeys(ORDERS, ("number", "text")),
    **dict.fromkeys(LISTS, ("text", "number", "bool")),
    "contains": ("text", "number"),
    "startswith": ("text",),
    "matches": ("text",),
}
_COUNTED: Final = dict.fromkeys((*SAME, *ORDERS, *LISTS), ("number",))
_ELAPSED: Final = dict.fromkeys(ORDERS, ("number", "cadence"))
_STAGED: Final = {**dict.fromkeys(SAME, ("text", "none")), **dict.fromkeys(LISTS, ("text",))}

FITTING: Final[dict[type[Any], Mapping[str, tuple[str, ...]]]] = {
    **dict.fromkeys((Prop, Trait, Score, Last), _ANY),
    **dict.fromkeys((Count, Sum, Distinct, Members), _COUNTED),
    **dict.fromkeys((SinceLast, SinceFirst), _ELAPSED),
    Stage: _STAGED,
}
WANTED: Final = {
    ("text", "number", "bool", "none"): N_(
        "“{op}” compares with one value: a text, a number, True, False or None."
    ),
    ("number", "text"): N_("“{op}” compares with a number or a text; dates are texts such as {date}."),
    ("text", "number", "bool"): N_("“{op}” takes a list of texts, numbers, True or False, such as {list}."),
    ("text", "number"): N_("“{op}” looks for a text or a number."),
    ("text",): N_("“{op}” needs texts in quotes here."),
    ("number",): N_("“{op}” needs numbers here: this is counted."),
    ("text", "none"): N_("“{op}” compares with a stage in quotes, or with None."),
    ("number", "cadence"): N_("“{op}” compares elapsed time with days, a duration or a cadence."),
}


def _kind(value: Any) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return "bool"
        case int() | float():
            return "number"
        case str():
            return "text"
    return "cadence" if isinstance(value, Cadence) else "list"


class _Checker:
    def __init__(
        self,
        catalogue: Catalogue | None,
        models: Mapping[str, Collection[str]] | None,
        segments: Collection[str] | None,
        reading: Reading | None,
    ) -> None:
        self.catalogue = catalogue
        self.models = models
        self.segments = segments
        self.reading = reading
        self.problems: list[Problem] = []

    def rule(self, rule: Rule, subject: Subject) -> None:  # noqa: C901  one case for each node
        if rule is HOLE:
            return
        match rule:
            case And(items) | Or(items):
                self.several(rule, items)
                for item in items:
                    self.rule(item, subject)
            case Not(item) | Held(item):
                self.rule(item, subject)
            case Compare(measure):
                self.measure(measure, subject)
                self.comparison(rule)
            case Ever() | Never():
                self.happening(rule)
            case Segment(name):
                self.known(rule, name, self.segments, N_("There is no segment “{name}”."), _NO_SEGMENT)
            case Consent(channel):
                self.about(rule, subject, "person")
                self.seen(rule, f"consent.{channel}")
            case AnyMember(inner):
                self.about(rule, subject, "account")
                self.rule(inner, "person")
            case Account(inner):
                self.about(rule, subject, "person")
                self.rule(inner, "account")

    def several(self, rule: Node, items: tuple[Rule, ...]) -> None:
        if len(items) < 2:
            self.error(rule, N_("“and” and “or” join two conditions or more."))

    def where(self, rule: Rule, events: tuple[str, ...]) -> None:
        if rule is HOLE:
            return
        match rule:
            case And(items) | Or(items):
                self.several(rule, items)
                for item in items:
                    self.where(item, events)
            case Not(item):
                self.where(item, events)
            case Compare(Prop() as prop):
                self.comparison(rule)
                self.carried(prop, events)
            case Compare(measure) if measure is HOLE:
                pass
            case _:
                text = N_("“where” looks at the event’s own properties only, such as {example}.")
                self.error(rule, text, example='props.channel == "store"')

    def measure(self, measure: Any, subject: Subject) -> None:
        if measure is HOLE:
            return
        match measure:
            case Prop():
                text = N_("A property belongs to an event: write it inside “where”, as in {example}.")
                self.error(measure, text, example='ever("Order Completed", where=props.channel == "store")')
            case Trait(path):
                self.seen(measure, ".".join(("trait", *path)))
            case Score(path):
                self.seen(measure, ".".join(("score", *path)))
            case Stage(model):
                self.known(measure, model, self.models, N_("There is no model “{name}”."), _NO_MODEL)
            case Members(inner):
                self.about(measure, subject, "account")
                self.rule(inner, "person")
            case _:
                self.happening(measure)

    def happening(self, node: Any) -> None:
        """Events that were seen, and a `where` about their properties."""
        if node.where is not None:
            self.where(node.where, node.events)
        if getattr(node, "prop", None) is not None:
            self.carried(node.prop, node.events)
        if getattr(node, "since", None) is not None:
            self.happening(node.since)
        for name in node.events:
            if self.catalogue is not None and name not in self.catalogue.events:
                near = nearest(name, self.catalogue.events)
                self.warn(node, N_("No event “{name}” was ever seen."), _NO_EVENT, name, near)

    def comparison(self, rule: Compare) -> None:
        if rule.measure is HOLE or rule.value is HOLE:
            return
        fitting = FITTING[type(rule.measure)]
        if rule.op not in fitting:
            self.unfit(rule, fitting)
            return
        kinds = {_kind(one) for one in (rule.value if isinstance(rule.value, tuple) else (rule.value,))}
        listed = isinstance(rule.value, tuple) and bool(rule.value)
        if not kinds <= set(fitting[rule.op]) or listed != (rule.op in LISTS):
            wanted = WANTED[_ANY[rule.op]] if rule.op in LISTS and not listed else WANTED[fitting[rule.op]]
            self.error(rule, wanted, op=rule.op, date='"2026-01-31"', list='["FR", "BE"]')
        elif rule.op == "matches":
            self.pattern(rule, str(rule.value))
        elif (
            isinstance(rule.measure, Stage)
            and rule.value is not None
            and rule.measure.model in (self.models or ())
        ):
            self.stages(rule, rule.measure.model)
        elif isinstance(rule.value, Cadence):
            self.cadence(rule, rule.value)

    def unfit(self, rule: Compare, fitting: Collection[str]) -> None:
        if rule.op in SAME and isinstance(rule.measure, SinceLast | SinceFirst):
            text = N_(
                "An instant has no width, so elapsed time is never equal to a length: use < or >. "
                "For those who never did, write {example}."
            )
            self.error(rule, text, example='never("…")')
        else:
            text = N_("“{op}” does not go with {measure}. Use one of {ops}.")
            self.error(
                rule, text, op=rule.op, measure=rule.measure.__struct_config__.tag, ops=" ".join(fitting)
            )

    def pattern(self, rule: Compare, pattern: str) -> None:
        options = re2.Options()
        options.log_errors = False
        if len(pattern) > PATTERN:
            self.error(rule, N_("A pattern has at most {most} characters."), pattern, most=PATTERN)
            return
        try:
            re2.compile(pattern, options)
        except re2.error as error:
            reason = error.args[0] if error.args else ""
            reason = reason.decode(errors="replace") if isinstance(reason, bytes) else reason
            self.error(rule, N_("The pattern is not valid: {reason}."), pattern, reason=reason)

    def stages(self, rule: Compare, model: str) -> None:
        for name in rule.value if isinstance(rule.value, tuple) else (rule.value,):
            stages = (self.models or {})[model]
            self.known(rule, str(name), stages, N_("The model has no stage “{name}”."), _NO_STAGE)

    def cadence(self, rule: Compare, cadence: Cadence) -> None:
        if not isinstance(rule.measure, SinceLast):
            self.error(rule, N_("A cadence is compared with days_since_last only."))
        if not 0 < cadence.factor <= 1000:
            self.error(rule, N_("A cadence’s factor is above 0 and at most 1000."))

    # --- names and subjects ---

    def about(self, node: Node, subject: Subject, wanted: Subject) -> None:
        if subject != wanted:
            text = _ABOUT_ACCOUNTS if wanted == "account" else _ABOUT_PEOPLE
            self.error(node, text, name=node.__struct_config__.tag)

    def known(self, node: Node, name: str, known: Collection[str] | None, text: str, guess: str) -> None:
        if known is not None and name not in known:
            near = nearest(name, known)
            self.error(node, guess if near else text, name, name=name, near=near)

    def seen(self, node: Node, name: str) -> None:
        """Warns of a trait, score or consent never set, with the nearest name of its own kind."""
        root, _, rest = name.partition(".")
        if self.catalogue is not None and name not in self.catalogue.names:
            alike = {one.partition(".")[2] for one in self.catalogue.names if one.startswith(f"{root}.")}
            near = nearest(rest, alike)
            self.warn(node, N_("“{name}” was never set."), _NOT_SET, name, near and f"{root}.{near}")

    def carried(self, prop: Prop, events: tuple[str, ...]) -> None:
        """Warns of a property that none of the events looked at has; of none, nothing is known."""
        if self.catalogue is None:
            return
        looked = [self.catalogue.props(name) for name in events if name in self.catalogue.events]
        paths = {path for sample in looked for path in sample.paths}
        n = sum(sample.events for sample in looked)
        if n and prop.path not in paths:
            near = nearest(".".join(prop.path), {".".join(path) for path in paths})
            text = N_("“{name}” is in none of the {n} events of that name looked at.")
            name = ".".join(("props", *prop.path))
            self.warn(prop, text, _NOT_CARRIED, name, near and f"props.{near}", n=n)

    def warn(self, node: Node, text: str, guess: str, name: str, near: str | None, **more: Any) -> None:
        fields = {"name": name, "near": near, **more}
        self.problems.append(Problem(*self.place(node, name), guess if near else text, fields, "warning"))

    def error(self, node: Node, text: str, literal: str | None = None, **fields: Any) -> None:
        self.problems.append(Problem(*self.place(node, literal), text, fields))

    def place(self, node: Node, literal: str | None) -> tuple[int, int]:
        return self.reading.place(node, literal) if self.reading else (0, 0)


_NO_EVENT: Final = N_("No event “{name}” was ever seen. Did you mean “{near}”?")
_NOT_SET: Final = N_("“{name}” was never set. Did you mean “{near}”?")
_NOT_CARRIED: Final = N_(
    "“{name}” is in none of the {n} events of that name looked at. Did you mean “{near}”?"
)
_NO_SEGMENT: Final = N_("There is no segment “{name}”. Did you mean “{near}”?")
_NO_MODEL: Final = N_("There is no model “{name}”. Did you mean “{near}”?")
_NO_STAGE: Final = N_("The model has no stage “{name}”. Did you mean “{near}”?")
_ABOUT_ACCOUNTS: Final = N_("“{name}” is about accounts; this rule is about people.")
_ABOUT_PEOPLE: Final = N_(
    "“{name}” is about people; this rule is about accounts. Lift it with any_member(…)."
)
