"""Columns that say who may be written to."""

from __future__ import annotations

from typing import Any

import pytest

from tests.ingest.files.conftest import Import, Run

MAILCHIMP = (
    "Email Address,First Name,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,UNSUB_TIME,LEID\n"
    "a@b.fr,Ann,2020-05-01 10:00:00,192.0.2.1,2020-05-01 10:05:00,192.0.2.9,,1\n"
    "c@d.fr,Bob,2021-05-01 10:00:00,192.0.2.2,,,2022-01-01 00:00:00,2\n"
    "e@f.fr,Zoé,,,,,,3\n"
)


def answers(made: Import) -> list[tuple[str, str, dict[str, Any]]]:
    return [(e["key"], e["ts"][:16], e["props"]) for e in made.events if e["name"] == "$consent"]


@pytest.mark.parametrize(
    ("header", "channel"),
    [
        ("Accepts Email Marketing", "email"),
        ("Newsletter", "email"),
        ("Abonné newsletter", "email"),
        ("Consentement e-mail", "email"),
        ("opt-in", "email"),
        ("Accepts SMS Marketing", "sms"),
        ("Opt-in SMS", "sms"),
    ],
)
def test_a_column_of_yes_and_no_is_consent_in_both_languages(run: Run, header: str, channel: str) -> None:
    words = ("yes", "Oui", "désinscrit", "NON", "en attente", "peut-être", "")
    rows = "".join(f"{n},c{n}@d.fr,{word}\n" for n, word in enumerate(words, 1))
    made = run(f"customer id,email,{header}\n{rows}")
    assert made.detected.kind == "customers"
    assert [(key, props["channel"], props["status"]) for key, _, props in answers(made)] == [
        ("user:1", channel, "granted"),
        ("user:2", channel, "granted"),
        ("user:3", channel, "denied"),
        ("user:4", channel, "denied"),
        ("user:5", channel, "pending"),
    ]
    assert {props["form"] for _, _, props in answers(made)} == {header}


def test_mailchimps_times_and_addresses_are_the_proof(run: Run) -> None:
    granted = {"channel": "email", "status": "granted"}
    assert sorted(answers(run(MAILCHIMP)), key=lambda one: one[1]) == [
        ("user:1", "2020-05-01T08:05", {**granted, "form": "CONFIRM_TIME", "ip": "192.0.2.9"}),
        ("user:2", "2021-05-01T08:00", {**granted, "form": "OPTIN_TIME", "ip": "192.0.2.2"}),
        ("user:2", "2021-12-31T23:00", {"channel": "email", "status": "withdrawn", "form": "UNSUB_TIME"}),
    ]


def test_the_same_file_again_answers_nothing_new(run: Run) -> None:
    text = "customer id,email,newsletter\n1,a@b.fr,oui\n2,c@d.fr,non\n"
    first, again = run(text), run(text, now=1_900_000_000_000_000)
    assert [e["id"] for e in first.events] == [e["id"] for e in again.events]


def test_a_row_that_is_refused_answers_nothing(run: Run) -> None:
    made = run("customer id,email,newsletter\nundefined,,oui\n2,c@d.fr,non\n")
    assert [key for key, _, _ in answers(made)] == ["user:2"]
