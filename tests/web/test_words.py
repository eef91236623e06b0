"""Numbers and dates as each language writes them."""

from __future__ import annotations

import pytest

from habitue.demo.shop import parcels
from habitue.kernel.clock import DAY, SECOND, instant
from habitue.kernel.period import parse
from habitue.people import events, terms
from habitue.web.words import Words

FR, EN = Words("fr", "Europe/Paris", "EUR"), Words("en", "Europe/Paris", "EUR")
NOW = instant("2026-11-22T23:30")


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", "~").replace("\N{NARROW NO-BREAK SPACE}", "_")


@pytest.mark.parametrize(
    ("french", "english"),
    [
        ((FR.number(12345.66), "12_345,7"), (EN.number(12345.66), "12,345.7")),
        ((FR.signed(-12345), "\N{MINUS SIGN}12_345"), (EN.signed(7), "+7")),
        ((FR.percent(0.0312), "3,1_%"), (EN.percent(0.5), "50.0%")),
        ((FR.percent(0.0001), "<_0,1_%"), (EN.percent(0), "0.0%")),
        ((FR.days(92, "short"), "92_j"), (EN.days(0, "short"), "<_1 day")),
        (
            (FR.time(NOW), "23 nov. 2026, 00:30"),
            (EN.time(instant("2026-11-22T14:48")), "Nov 22, 2026, 3:48_PM"),
        ),
        ((FR.money(1234560), "12_345,60~€"), (EN.money(-5), "-€0.05")),
        ((FR.days(92), "92~jours"), (EN.days(1), "1 day")),
        ((FR.days(0.25), "6~heures"), (EN.days(0), "less than a day")),
        (
            (FR.date(instant("2025-10-01T08:00")), "1er oct. 2025"),
            (EN.date(instant("2025-10-01T08:00")), "Oct 1, 2025"),
        ),
        ((FR.date(instant("2025-10-21T08:00")), "21 oct. 2025"), (EN.happened("Email Sent"), "E-mail sent")),
        ((FR.happened("Order Completed"), "Commande passée"), (EN.happened("Our Own"), "Our Own")),
        ((FR.trait("postalCode"), "Code postal"), (EN.prop("order_id"), "Order number")),
        ((FR.date(NOW), "23 nov. 2026"), (EN.date(None), "–")),
        (
            (FR.near(instant("2026-10-01T08:00"), NOW), "1er oct."),
            (EN.near(NOW - 365 * DAY, NOW), "Nov 23, 2025"),
        ),
        (
            (FR.period(parse("2026-11")), "novembre 2026"),
            (EN.period(parse("2026-11"), "LLL y"), "Nov 2026"),
        ),
        (
            (FR.period(parse("2026-04-01..2026-04-17")), "1er–17 avr. 2026"),
            (EN.period(parse("2026-04-21..2026-05-01")), "Apr 21\N{THIN SPACE}–\N{THIN SPACE}May 1, 2026"),
        ),
        (
            (FR.period(parse("2026-01..2026-03")), "janv.–mars 2026"),
            (EN.period(parse("2026-04-01")), "Apr 1, 2026"),
        ),
        ((FR.ago(NOW - 12 * SECOND, NOW), "il y a 12~s"), (EN.ago(NOW - 3 * DAY, NOW), "3 days ago")),
    ],
)
def test_each_language_writes_its_own_way(french: tuple[str, str], english: tuple[str, str]) -> None:
    assert plain(french[0]) == french[1]
    assert plain(english[0]) == english[1]


def test_a_change_is_a_share_a_factor_where_it_is_large_and_nothing_beside_too_few() -> None:
    said = [FR.change(n, before) for n, before in ((103, 100), (50, 100), (100, 100), (2727, 100), (27, 9))]
    assert [one and plain(one) for one in said] == ["▲ 3,0_%", "▼ 50,0_%", "= 0,0_%", "▲ ×_27", None]


def test_standard_names_are_said_in_the_reader_s_words() -> None:
    assert [FR.happened(name) for name in ("Page", "Page Viewed", "Screen Viewed")] == [
        "Page vue",
        "Page vue",
        "Écran vu",
    ]
    traits = ("newsletter", "opt_in_sms", "optInEmail", "address.postalCode", "address.floor")
    assert [FR.trait(name) for name in traits] == [
        "Lettre d’information",
        "Accepte les SMS",
        "Accepte les e-mails",
        "Code postal",
        "address.floor",
    ]


def test_every_event_that_the_demo_makes_has_words() -> None:
    made = {
        name for parcel in parcels(3, 300, until=NOW) for name in parcel.table["name"].unique().to_pylist()
    }
    assert len(made) > 10
    assert [name for name in made if name not in terms.EVENTS | events.INNER] == []
    assert FR.happened("Account Closed") == "Compte fermé"


def test_a_day_of_the_calendar_is_said_as_people_do_and_all_else_as_it_is() -> None:
    assert FR.calendar("1980-03-07") == "7 mars 1980"
    assert FR.calendar("3 March") == "3 March"
