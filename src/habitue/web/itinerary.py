"""A journey as a reader is told of it: every step in a line, its branches below it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from habitue.journeys.fault import Fault
from habitue.journeys.registry import kinds
from habitue.kernel.i18n import N_, spelt
from habitue.rules.problem import RuleError
from habitue.rules.sentence import sentence
from habitue.rules.text import parse
from habitue.web.words import Words

_CHANNELS: Final = {
    "email": N_("E-mail"),
    "sms": N_("SMS"),
    "push": N_("Push"),
    "post": N_("Post"),
    "phone": N_("Phone"),
    "inapp": N_("On the site"),
}
DAYS: Final = {
    "mon": N_("Mon"),
    "tue": N_("Tue"),
    "wed": N_("Wed"),
    "thu": N_("Thu"),
    "fri": N_("Fri"),
    "sat": N_("Sat"),
    "sun": N_("Sun"),
}


class Card(Struct, frozen=True):
    """A step: where it stands in the body, what it is and says, what is wrong with it, and its branches."""

    place: str
    id: str
    title: str
    icon: str
    line: str
    faults: list[str]
    warnings: list[str]
    branches: list[Way]


class Way(Struct, frozen=True):
    """A branch of a step."""

    place: str
    title: str
    cards: list[Card]


class Itinerary:
    """Tells of one body; `called` is what rules name, `faults` what is wrong with it."""

    def __init__(self, words: Words, called: dict[str, str], faults: Sequence[Fault] = ()) -> None:
        self.words = words
        self.called = called
        self.faults = faults

    def cards(self, steps: Sequence[Mapping[str, Any]], place: str = "") -> list[Card]:
        """These steps."""
        head = f"{place}." if place else ""
        return [self.card(step, f"{head}{n}") for n, step in enumerate(steps)]

    def card(self, step: Mapping[str, Any], place: str) -> Card:
        kind = kinds().get(str(step.get("is")))
        name = str(step.get("id", ""))
        mine = [one for one in self.faults if one.place == name or one.place.startswith(f"{name}.")]
        say = self.words.say
        return Card(
            place,
            name,
            say(kind.title) if kind else str(step.get("is")),
            kind.icon if kind else "help",
            self.line(step),
            [one.say(say) for one in mine if one.severity == "error"],
            [one.say(say) for one in mine if one.severity == "warning"],
            [
                Way(f"{place}.{n}", self.way(step, one), self.cards(one.get("steps", []), f"{place}.{n}"))
                for n, one in enumerate(step.get("branches", []))
            ],
        )

    def way(self, step: Mapping[str, Any], branch: Mapping[str, Any]) -> str:
        """What a branch is for."""
        say, kind = self.words.say, kinds().get(str(step.get("is")))
        for outlet in kind.outlets if kind else ():
            if outlet.id == branch.get("id"):
                return say(outlet.title)
        if "share" in branch:
            return f"{branch.get('id')} · {self.words.percent(float(branch['share'] or 0), '#,##0%')}"
        if branch.get("when"):
            return self.rule(str(branch["when"]))
        return say(N_("Everybody else"))

    def line(self, step: Mapping[str, Any]) -> str:
        """What a step says beside its title."""
        say = self.words.say
        match step.get("is"):
            case "wait":
                return self.length(step.get("length"))
            case "clock":
                days = ", ".join(say(DAYS[day]) for day in step.get("days", ()) if day in DAYS)
                return " · ".join(filter(None, [str(step.get("time", "")), days]))
            case "until" | "webhook" if most := step.get("within") or step.get("wait"):
                what = str(step.get("url") or "") or self.watched(step)
                return say(N_("{what}; at most {length}"), what=what, length=self.length(most))
            case "send" | "withdraw":
                channel = _CHANNELS.get(str(step.get("channel", "email")), "")
                return " · ".join(filter(None, [say(channel), str(step.get("template", ""))]))
            case "chance" if step.get("winner", "none") != "none":
                return say(N_("then all the better way"))
            case "holdout":
                return self.words.percent(float(step.get("share", 0) or 0), "#,##0%")
        for name in ("text", "trait", "tag", "event", "journey", "points", "url"):
            if name in step:
                return str(step[name])
        return ""

    def watched(self, watch: Mapping[str, Any]) -> str:
        """An event or a rule, in words."""
        if watch.get("event"):
            return self.words.happened(str(watch["event"]))
        return self.rule(str(watch.get("rule", "")))

    def entry(self, entry: Mapping[str, Any]) -> str:
        """How customers come in."""
        say = self.words.say
        match entry.get("is"):
            case "event":
                return say(
                    N_("Whenever this happens: {what}"), what=self.words.happened(str(entry.get("event")))
                )
            case "enters" if entry.get("held"):
                text = N_("Once this has held for {length}: {what}")
                return say(text, what=self.rule(str(entry.get("rule"))), length=self.length(entry["held"]))
            case "enters":
                return say(N_("As soon as this holds: {what}"), what=self.rule(str(entry.get("rule"))))
            case "leaves":
                return say(
                    N_("As soon as this ceases to hold: {what}"), what=self.rule(str(entry.get("rule")))
                )
            case "date":
                when = str(entry.get("offset") or "")
                return say(
                    N_("On a date: {what}"),
                    what=f"{entry.get('trait')} {when} · {entry.get('time', '09:00')}",
                )
            case "schedule":
                text = N_("At {time}, everybody of whom this holds: {what}")
                return say(text, time=str(entry.get("time", "09:00")), what=self.rule(str(entry.get("rule"))))
        return say(N_("By hand, or by the API"))

    def rule(self, text: str) -> str:
        """A rule as a phrase; as it is written where it can't be read."""
        try:
            return sentence(parse(text), self.words.language, names=self.called, currency=self.words.currency)
        except RuleError:
            return text

    def length(self, text: object) -> str:
        """A length in words; as it is written where it is none."""
        try:
            return spelt(str(text), self.words.language)
        except (ValueError, KeyError, IndexError):
            return str(text or "")
