"""What is kept of a person as a page that they can read: one file, nothing loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any, Final

from babel.dates import format_datetime
from msgspec import json

from habitue.app.settings import Settings
from habitue.kernel import clock, money
from habitue.kernel.i18n import N_, Language, Translator, dated, translator
from habitue.messaging import reasons
from habitue.people import terms

if TYPE_CHECKING:
    from habitue.app.access import Record

POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#0f172a}"
    "table{border-collapse:collapse;width:100%;font-size:.875rem}"
    "th,td{text-align:left;vertical-align:top;padding:.25rem .75rem .25rem 0;border-bottom:1px solid #e2e8f0}"
    "td{overflow-wrap:anywhere}h2{margin-top:2.5rem}"
    # Where there is room no word is broken to make more of it for the next column.
    "@media(min-width:62rem){td{min-width:8.5rem}}"
)
_WHEN: Final = N_("When")
_WHAT: Final = N_("What")
_SOURCE: Final = N_("Source")
_FROM: Final = N_("From")
_TO: Final = N_("To")


class _Paper:
    """Says what one reader is to read."""

    def __init__(self, found: Record, language: Language, settings: Settings) -> None:
        self.found, self.say, self._zone = found, translator(language), settings.timezone

    def time(self, text: str | None) -> str:
        if not text:
            return ""
        at = clock.moment(clock.instant(text), self._zone)
        return dated(str(format_datetime(at, "medium", locale=self.say.language)), at.day, self.say.language)

    def happened(self, name: str) -> str:
        """What an event is called in words."""
        return self.say(terms.event(name))

    def trait(self, name: str) -> str:
        """What a trait is called in words."""
        return self.say(terms.trait(name.removeprefix("trait.")))

    def money(self, units: int | None) -> str:
        return "" if units is None else money.shown(units, self.found.currency, self.say.language)

    def table(self, title: str, heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
        """A section with a table; one that says so where there is nothing."""
        body = "".join(f"<tr>{''.join(f'<td>{escape(_plain(c))}</td>' for c in row)}</tr>" for row in rows)
        said = f"<h2>{escape(self.say(title))}</h2>"
        if not body:
            return f"{said}<p>{escape(self.say(N_('Nothing is kept.')))}</p>"
        head = "".join(f"<th scope=col>{escape(self.say(one))}</th>" for one in heads)
        return f"{said}<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def page(found: Record, language: Language, settings: Settings) -> str:
    """The page as HTML, in one language."""
    paper = _Paper(found, language, settings)
    say: Translator = paper.say
    title = say(N_("What is kept about you"))
    made = say(
        N_("Made on {when}. Times are those of {zone}."), when=paper.time(found.made), zone=settings.timezone
    )
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><meta http-equiv="content-security-policy" '
        f'content="{POLICY}">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>"
        f"<h1>{escape(title)}</h1><p>{escape(made)}</p>{''.join(_sections(paper))}</body></html>\n"
    )


def _sections(paper: _Paper) -> Iterable[str]:
    yield from _known(paper)
    yield from _acts(paper)
    yield from _traces(paper)
    yield f"<p>{escape(paper.say(N_('The same stands beside this page for programs, as JSON.')))}</p>"


def _known(paper: _Paper) -> Iterable[str]:
    """Who they are, and what they said about it."""
    found, time = paper.found, paper.time
    yield paper.table(N_("How you are known"), (N_("Key"),), ([key] for key in found.keys))
    yield paper.table(
        N_("Why these are taken for one person"),
        (_WHEN, N_("Key"), N_("With"), _SOURCE, N_("Who"), N_("Why")),
        ((time(j["ts"]), j["one"], j["other"], j["source"], j["by"], j["why"]) for j in found.joined),
    )
    yield paper.table(
        N_("What is known of you, and since when"),
        (_WHAT, N_("Value"), _WHEN, _SOURCE),
        ((paper.trait(t["name"]), t["value"], time(t["ts"]), t["source"]) for t in found.traits),
    )
    yield paper.table(
        N_("What you agreed to or refused"),
        (_WHEN, N_("Channel"), N_("Purpose"), N_("Answer"), _SOURCE),
        ((time(c["ts"]), c["channel"], c["purpose"], c["status"], c["source"]) for c in found.consents),
    )
    yield paper.table(
        N_("Addresses that are not written to"),
        (_WHEN, N_("Address"), N_("Channel"), N_("Why")),
        ((time(b["at"]), b["address"], b["channel"], b["reason"]) for b in found.blocked),
    )


def _acts(paper: _Paper) -> Iterable[str]:
    """What they did, and where that put them."""
    found, time = paper.found, paper.time
    yield paper.table(
        N_("Your orders"),
        (_WHEN, _WHAT, N_("Amount"), N_("Details")),
        (
            (time(o["at"]), paper.happened(o["name"]), paper.money(o["revenue"]), o["properties"])
            for o in found.orders
        ),
    )
    yield paper.table(
        N_("What happened"),
        (_WHEN, _WHAT, N_("Details"), N_("Key"), _SOURCE),
        (
            (time(e["at"]), paper.happened(e["name"]), e["properties"], e["key"], e["source"])
            for e in found.events
        ),
    )
    yield paper.table(
        N_("What came with files that were taken back, and counts no more"),
        (_WHEN, _WHAT, N_("Details"), N_("Key"), _SOURCE),
        (
            (time(e["at"]), paper.happened(e["name"]), e["properties"], e["key"], e["source"])
            for e in found.undone
        ),
    )
    yield paper.table(
        N_("What was or is to be sent to you"),
        (_WHEN, N_("Channel"), N_("Purpose"), N_("Who sends"), N_("What became of it")),
        (
            (
                time(m["planned"]),
                m["channel"],
                m["purpose"],
                m["origin"],
                paper.say(reasons.STATES[m["state"]]),
            )
            for m in found.messages
        ),
    )
    yield paper.table(
        N_("Journeys"),
        (N_("Journey"), N_("Entered"), N_("Ended")),
        (
            (one["journey"], time(one["entered"]), time(one["ended"]) if one["ended"] else "")
            for one in found.journeys
        ),
    )
    span = (_FROM, _TO, N_("Expected end"))
    yield paper.table(
        N_("Stages"),
        (N_("List"), N_("Stage"), *span),
        ((name, one["value"], *_span(one, paper)) for name, stays in found.stages.items() for one in stays),
    )
    yield paper.table(
        N_("Segments"),
        (N_("List"), *span),
        ((name, *_span(one, paper)) for name, stays in found.segments.items() for one in stays),
    )


def _span(stay: dict[str, Any], paper: _Paper) -> tuple[str, ...]:
    return tuple(paper.time(stay[name]) for name in ("since", "until", "expected"))


def _traces(paper: _Paper) -> Iterable[str]:
    """Where else they are named."""
    found, time = paper.found, paper.time
    yield paper.table(
        N_("What somebody decided about your keys"),
        (_WHEN, N_("Who"), _WHAT, N_("Key"), N_("With"), N_("Why")),
        ((time(m["ts"]), m["by"], m["act"], m["one"], m["other"], m["why"]) for m in found.merges),
    )
    yield paper.table(
        N_("What was written down beside you"),
        (_WHEN, N_("Who"), N_("Note or task"), N_("Due"), N_("Done")),
        ((time(n["made"]), n["by"], n["text"], time(n["due"]), time(n["done"])) for n in found.notes),
    )
    yield paper.table(
        N_("Comparisons with other customers' records"),
        (_WHEN, N_("Likely the same person"), N_("Decided"), N_("Who")),
        ((time(d["found"]), f"{d['likely']:.1%}", _outcome(d, paper), d["by"]) for d in found.duplicates),
    )
    yield paper.table(
        N_("Calls that could not be taken"),
        (_WHEN, _SOURCE, N_("Why"), N_("Details")),
        ((time(r["received"]), r["source"], r["reason"], r["call"]) for r in found.refused),
    )
    yield paper.table(
        N_("What came in and waits"),
        (_WHEN, _WHAT, N_("Details")),
        ((time(w["at"]), paper.happened(w["name"]), w["properties"]) for w in found.waiting),
    )
    yield paper.table(
        N_("Rows of files that could not be imported"), (N_("Details"),), ([row] for row in found.rejected)
    )
    yield paper.table(
        N_("Notes of what was done here"),
        (_WHEN, N_("Who"), _WHAT, N_("Details")),
        ((time(a["at"]), a["by"], a["act"], a["detail"]) for a in found.audit),
    )


_OUTCOMES: Final = {"merged": N_("merged"), "dismissed": N_("kept apart")}


def _outcome(pair: dict[str, Any], paper: _Paper) -> str:
    """What was decided about it and when; nothing while it waits."""
    return (
        f"{paper.say(_OUTCOMES[pair['outcome']])} · {paper.time(pair['settled'])}" if pair["outcome"] else ""
    )


def _plain(cell: Any) -> str:
    """A cell as text: nothing for what is not set, JSON for what has parts."""
    if cell is None:
        return ""
    return cell if isinstance(cell, str) else json.encode(cell).decode()
