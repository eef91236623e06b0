"""The answer to "why?" in words."""

from __future__ import annotations

import pytest

from habitue.engine.explain import Why
from habitue.engine.reason import length, told
from habitue.kernel.clock import DAY, HOUR, MINUTE
from habitue.kernel.i18n import translator

LATE = 'days_since_last("Order Completed") > 90'


@pytest.mark.parametrize(
    ("lasted", "english", "french"),
    [
        (90 * DAY, "90 days", "90 jours"),
        (90 * DAY + 9 * HOUR + MINUTE, "90 days 9 hours", "90 jours 9 heures"),
        (90 * DAY + MINUTE, "90 days 1 minute", "90 jours 1 minute"),
        (HOUR, "1 hour", "1 heure"),
        (0, "0 days", "0 jour"),
    ],
)
def test_a_length_is_never_rounded_onto_its_threshold(lasted: int, english: str, french: str) -> None:
    assert length(lasted, "en") == english
    assert length(lasted, "fr").replace("\N{NO-BREAK SPACE}", " ") == french


def test_the_opposite_of_one_condition_says_all_in_its_own_line() -> None:
    inner = Why(LATE, truth=True, since=0, value=90 * DAY + 9 * HOUR, threshold=90 * DAY)
    line = told(Why(f"not ({LATE})", truth=False, since=0, parts=(inner,)), translator("en"))
    assert (line.truth, line.found, line.parts) == (False, "found: 90 days 9 hours", ())
    assert "90 days" in line.said
