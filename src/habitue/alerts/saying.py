"""What is told of an alert, in words: on a page, in an e-mail, in a channel of the team's."""

from __future__ import annotations

from typing import Any, Final

from babel.numbers import format_currency, format_decimal, format_percent
from msgspec import Struct

from habitue.alerts.alert import Alert
from habitue.alerts.judge import Reading
from habitue.alerts.machine import What
from habitue.alerts.roles import Form, Names
from habitue.kernel import clock
from habitue.kernel.clock import Micros
from habitue.kernel.i18n import N_, Language, spelt, translator

SUBJECTS: Final[dict[What, str]] = {
    "begun": N_("{title}: {value}"),
    "worse": N_("Worse: {title}, {value}"),
    "still": N_("Still so: {title}, {value}"),
    "over": N_("Over: {title}"),
}
_SHARE: Final = {"en": "#,##0.##%", "fr": "#,##0.##\N{NARROW NO-BREAK SPACE}%"}


class Speech(Struct, frozen=True):
    """How one reader is spoken to about figures."""

    language: Language
    zone: str
    currency: str
    names: Names

    def figure(self, form: Form, value: float | None) -> str:
        """A figure as it is written; a dash where it isn't known."""
        if value is None:
            return "–"
        match form:
            case "share":
                return str(format_percent(value, _SHARE[self.language], self.language))
            case "money":
                return str(format_currency(value, self.currency, locale=self.language))
            case "hours":
                return self.say(N_("{n} h"), n=format_decimal(value, "#,##0.#", self.language))
        return str(format_decimal(value, "#,##0.#", self.language))

    def say(self, text: str, **fields: Any) -> str:
        return translator(self.language)(text, **fields)

    def what(self, alert: Alert) -> str:
        """What is watched, with the length that its figure sums up."""
        said, span = alert.watch.told(self.names).said(self.language), alert.watch.span()
        return (
            self.say(N_("{what}, over {length}"), what=said, length=spelt(span, self.language))
            if span
            else said
        )

    def headline(self, alert: Alert, reading: Reading) -> str:
        """What is watched, and the figure."""
        value = self.figure(alert.watch.form, reading.value)
        return self.say(N_("{what}: {value}"), what=self.what(alert), value=value)

    def when(self, alert: Alert) -> str:
        """When it tells."""
        form, limit = alert.watch.form, alert.when.limit
        match alert.when.rule:
            case "above":
                return self.say(N_("Tells above {limit}."), limit=self.figure(form, limit))
            case "below":
                return self.say(N_("Tells below {limit}."), limit=self.figure(form, limit))
            case "rises":
                return self.say(N_("Tells from {share} more than usual."), share=self.figure("share", limit))
            case "falls":
                return self.say(N_("Tells from {share} less than usual."), share=self.figure("share", limit))
            case "high":
                return self.say(N_("Tells what is unusually high."))
            case "low":
                return self.say(N_("Tells what is unusually low."))
        return self.say(N_("Tells what is unusual, high or low."))

    def why(self, alert: Alert, reading: Reading) -> str:
        """What the figure is held against."""
        form, when = alert.watch.form, alert.when
        if when.rule in ("above", "below"):
            return self.say(N_("Your limit is {limit}."), limit=self.figure(form, when.limit))
        if reading.usual is None:
            return self.say(N_("What is usual isn’t known yet: that takes four weeks."))
        usual = self.figure(form, reading.usual)
        if when.rule in ("rises", "falls"):
            text = (
                N_("Usual on this weekday at this time: {usual}. You are told from {share} more.")
                if when.rule == "rises"
                else N_("Usual on this weekday at this time: {usual}. You are told from {share} less.")
            )
            return self.say(text, usual=usual, share=self.figure("share", when.limit))
        text = N_(
            "Usual on this weekday at this time: {usual}. Anything from {low} to {high} is nothing special."
        )
        low, high = (self.figure(form, one) for one in (reading.low, reading.high))
        return self.say(text, usual=usual, low=low, high=high)

    def subject(self, alert: Alert, reading: Reading, what: What) -> str:
        """In one line."""
        value = self.figure(alert.watch.form, reading.value)
        return self.say(SUBJECTS[what], title=alert.title, value=value)

    def time(self, at: Micros) -> str:
        return clock.shown(at, self.zone, self.language)


class Notice(Struct, frozen=True):
    """What is told, ready to leave: `lines` below the subject, and where to look on, each with its words."""

    subject: str
    lines: tuple[str, ...]
    links: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        """As a plain e-mail."""
        links = (f"{words}\n{address}" for words, address in self.links)
        return "\n\n".join((*self.lines, *links)) + "\n"

    @property
    def slack(self) -> dict[str, Any]:
        """As Slack and what is shaped like it takes it: a text, and blocks."""
        told = "\n".join((f"*{_plain(self.subject)}*", *map(_plain, self.lines)))
        blocks = [_block("section", told)]
        if self.links:
            blocks.append(
                _block("section", " · ".join(f"<{url}|{_plain(words)}>" for words, url in self.links))
            )
        return {"text": self.subject, "blocks": blocks}


def notice(
    speech: Speech, alert: Alert, reading: Reading, what: What, begun: Micros, at: Micros, base: str | None
) -> Notice:
    """What is told of an incident at an instant; with links where it is known where people reach us."""
    head, since = speech.headline(alert, reading), speech.say(N_("Since {begun}."), begun=speech.time(begun))
    lines = head, speech.why(alert, reading), since
    if what == "over":
        lasted = N_("It lasted from {begun} to {ended}.")
        lines = head, speech.say(lasted, begun=speech.time(begun), ended=speech.time(at)), ""
    links: list[tuple[str, str]] = []
    if base:
        links.append((speech.say(N_("What is behind it")), f"{base}{alert.watch.behind(begun, at)}"))
        links.append((speech.say(N_("Snooze it, or change the alert")), f"{base}/alerts/{alert.id}"))
    return Notice(speech.subject(alert, reading, what), tuple(filter(None, lines)), tuple(links))


def _block(kind: str, text: str) -> dict[str, Any]:
    return {"type": kind, "text": {"type": "mrkdwn", "text": text[:3000]}}


def _plain(text: str) -> str:
    """Text that Slack's markup leaves alone."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
