"""An alert from a file: all that is wrong is told at once, in words, with the nearest name."""

from __future__ import annotations

import pytest

from habitue.alerts.fault import AlertError
from habitue.alerts.kept import to_toml
from habitue.alerts.reading import from_text, read
from habitue.alerts.recipes import recipes
from habitue.alerts.roles import Names, Plain
from habitue.kernel.i18n import LANGUAGES, translator

NAMES = Names(
    {"transactional": Plain("Model")},
    {"transactional.active": Plain("Active"), "transactional.dormant": Plain("Dormant")},
    {"vip": Plain("VIP")},
)
LENGTH = "Between an hour and four weeks, such as 24h, 1d or 1w."
SOUND = """
id = "asleep"
watch = { is = "flow", from = "active", to = "dormant" }
when = { rule = "rises", limit = 0.5 }
every = "day"
quiet = "20:00-08:00"
to = ["ada@b.fr", "hook:team"]
"""


def wrong(text: str) -> list[str]:
    with pytest.raises(AlertError) as found:
        from_text(text, NAMES, frozenset({"ada@b.fr", "hook:team"}))
    found.value.say(translator("fr"))
    return str(found.value).splitlines()


def test_a_file_says_what_it_said_when_it_is_written_again() -> None:
    alert = from_text(SOUND, NAMES)
    assert from_text(to_toml(alert), NAMES) == alert


def test_every_recipe_can_be_taken_as_it_is() -> None:
    assert len(recipes()) == 6
    for one in recipes().values():
        for language in LANGUAGES:
            assert read(one.said(language), NAMES).title == one.names[language]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ('"flow"', '"flows"', "watch.is: There is no kind of watch “flows”. Did you mean “flow”?"),
        ("every", "evry", "evry: There is no setting “evry”. Did you mean “every”?"),
        ('"dormant"', '"dorment"', "watch.to: “dorment” is not there. Did you mean “dormant”?"),
        ('"dormant"', '"active"', "watch: Nobody moves from a stage to the same one."),
        ("0.5", '"x"', "when.limit: Write the limit as a number, such as 50, or 0.3 for 30%."),
        ('"rises"', '"high"', "when.limit: What was usual decides here: leave the limit out."),
        ('"day"', '"week"', "every: Choose one of: hour, day."),
        ('"day"', "[]", "every: Choose one of: hour, day."),
        ("-08:00", "-20:00", "quiet: That would be never or always: the two times are the same."),
        ("ada@", "eva@", "to: “eva@b.fr” is no member’s address. Only the team is told."),
        ("hook:team", "hook:x", "to: There is no webhook “x”."),
        ("asleep", "new", "id: “new” names a page. Choose another id."),
        (
            '"active", to',
            '"active", within = "9w", to',
            f"watch.within: {LENGTH}",
        ),
    ],
)
def test_what_is_wrong_is_said(before: str, after: str, told: str) -> None:
    assert wrong(SOUND.replace(before, after)) == [told]


def test_all_that_is_wrong_is_told_at_once() -> None:
    assert len(wrong('id = 1\nwatch = { is = "segment", segment = "vpi" }\nwhen = {}')) == 4
    assert wrong("=") != []
    assert len(wrong("{}")) == 3
