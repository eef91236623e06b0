"""A model from a file: what is wrong with it is told all at once, each fault with its line and column."""

from __future__ import annotations

import re
from contextlib import suppress
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from habitue.kernel.errors import UserError
from habitue.kernel.i18n import translator
from habitue.stages.drafts import from_text
from habitue.stages.kind import kinds
from habitue.stages.models import Model, ModelError, Scope

SHIPPED = files("habitue.stages").joinpath("kinds", "chabry6.toml").read_text("utf-8")


def told(source: str) -> list[str]:
    with pytest.raises(ModelError) as caught:
        from_text(source)
    return str(caught.value).splitlines()


def line(text: str) -> int:
    """The line of the shipped file on which this text stands first."""
    return SHIPPED[: SHIPPED.index(text)].count("\n") + 1


@pytest.mark.parametrize("name", sorted(kinds()))
def test_what_ships_can_be_a_draft(name: str) -> None:
    text = files("habitue.stages").joinpath("kinds", f"{name}.toml").read_text("utf-8")
    assert from_text(text) == Model(name, kinds()[name])


def test_a_draft_may_name_a_kind_and_say_what_differs() -> None:
    source = """
        id = "services"
        kind = "chabry6"
        population = 'trait.country == "FR"'
        settings = { dormant = "120d" }
        scope = { where = 'props.category == "services"' }
    """
    scope = Scope('props.category == "services"')
    expected = Model("services", kinds()["chabry6"], {"dormant": "120d"}, scope, 'trait.country == "FR"')
    assert from_text(source) == expected


def test_problems_of_all_rules_are_told_from_top_to_bottom_where_they_stand() -> None:
    source = SHIPPED.replace("> {lost}", "> {lost} and foo").replace("> {rhythm}", "> {rythm}")
    source = source.replace("'ever(\"Order Completed\")'", "'ever(\"Order Completed\") and trait.x > True'")
    lost, dormant, active = told(source)
    at = line('days_since_last("Order Completed") > {lost}\'')
    column = SHIPPED.splitlines()[at - 1].index("> {lost}") + len("> {lost} and ") + 1
    assert lost.startswith(f"Line {at}, column {column}: lost: “foo” is not known.")
    assert dormant.startswith(
        f"Line {line('> {rhythm}')}, column 46: dormant: There is no parameter or term “rythm”."
    )
    ever = line("""'ever("Order Completed")'""")
    assert active.startswith(f"Line {ever}, column ")


def test_parts_of_a_wrong_shape_are_all_told() -> None:
    source = SHIPPED.replace('canonical = "dormant"', 'canonical = "sleepy"')
    source = source.replace('default = "90d"', 'defalt = "90d"').replace(
        'advice.en = "Keep', 'advise.en = "Keep'
    )
    found = told(source)
    assert [one.split(": ", 1)[1] for one in found] == [
        "stages[2].canonical: “sleepy” is none of what may stand here.",
        "stages[4]: “advise” is not known here.",
        "dormant: “defalt” is not known here.",
    ]
    assert found[2].startswith(f"Line {line('[parameters.dormant]')}, ")


def test_settings_are_checked_by_name_range_and_order() -> None:
    assert told(
        'kind = "chabry6"\nsettings = { dormnt = "90d", lost = "2d", orders = 2.5, rhythm = "slow" }'
    ) == [
        "Line 2, column 14: dormnt: “dormnt” is not known. Did you mean “dormant”?",
        "Line 2, column 30: lost: “2d” is out of range. Choose from 14d to 10y.",
        "Line 2, column 43: orders: “2.5” is not a number that fits here. Write one such as 4.",
        "Line 2, column 57: rhythm: “slow” is none of: fixed, adaptive.",
    ]
    assert told('kind = "chabry6"\nsettings = { dormant = "2y" }') == [
        "Line 2, column 14: dormant: 2y must be no longer than “lost” (365d)."
    ]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (('display = ["suspect", ', "display = ["), "“display” must name each stage once"),
        (('id = "prospect"', 'id = "Prospect 1"'), "is no id"),
        (('id = "loyal"', 'id = "active"'), "used twice"),
        (
            ('canonical = "unknown"', 'canonical = "unknown"\nrule = \'ever("X")\''),
            "Every stage needs a rule",
        ),
        (('canonical = "unknown"', 'canonical = "unknown"\ncolour = "red; x"'), "is not a colour"),
        (("left = 'ever({loss})", "left = '{left} or ever({loss})"), "lost"),
    ],
)
def test_parts_that_do_not_fit_together_are_told(change: tuple[str, str], fault: str) -> None:
    assert fault in "\n".join(told(SHIPPED.replace(*change)))


def test_a_condition_on_events_stays_one() -> None:
    assert "scope" in told("kind = 'chabry6'\nscope = { where = 'ever(\"X\")' }")[0]
    assert "scope" in told("kind = 'chabry6'\nscope = { where = 'props.a == 1) or ever(\"X\"' }")[0]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("a = ", "Line 1, column 5: This is not sound TOML; its reader says: “Invalid value”."),
        ("", "Line 1, column 1: “id” is missing."),
        ("stages = 3", "Line 1, column 1: stages: Here goes a list in square brackets."),
        ("kind = 3", "Line 1, column 1: kind: Here goes a text in quotes."),
    ],
)
def test_a_file_that_is_no_model_says_why(source: str, said: str) -> None:
    assert told(source) == [said]


def test_faults_are_told_in_french() -> None:
    with pytest.raises(ModelError) as caught:
        from_text('kind = "chabry6"\nsettings = { lost = "2d" }')
    said = caught.value.say(translator("fr"))
    assert said == (
        "Ligne 2, colonne 14\u00a0: lost\u00a0: «\u202f2d\u202f» est hors limites. "
        "Choisissez une valeur entre 14d et 10y."
    )


WRONG = ["3", "true", '"x"', "[1]", "{ a = 1 }", "2026-01-31"]


def test_no_value_of_a_wrong_type_is_told_in_the_words_of_a_program() -> None:
    sources = [
        SHIPPED.replace(row, f"{row.partition(' = ')[0]} = {wrong}")
        for row in SHIPPED.splitlines()
        if re.match(r"[a-z.]+ = (?!''')", row)
        for wrong in WRONG
    ]
    sources += [
        f'kind = "chabry6"\n{name} = {wrong}'
        for name in ("settings", "scope", "population", "settings.dormant", "scope.where", "scope.events")
        for wrong in WRONG
    ]
    said = [fault for source in sources for fault in faults(source)]
    assert len(said) > 200
    assert [one for one in said if re.search("`|Expected|Here|null", one)] == []


def faults(source: str) -> list[str]:
    try:
        from_text(source)
    except UserError as error:
        return error.say(translator("fr")).splitlines()
    return []


def test_settings_may_be_a_table_of_their_own() -> None:
    assert from_text('kind = "chabry6"\n[settings]\ndormant = "120d"').settings == {"dormant": "120d"}


def test_a_value_among_the_parameters_is_sent_to_the_settings() -> None:
    assert told('kind = "chabry6"\n\n[parameters]\ndormant = "30d"') == [
        "Line 4, column 1: dormant: The value of a parameter is set under [settings]: dormant = …. "
        "[parameters.dormant] is for a model of one’s own and says its type and default."
    ]


@given(st.integers(0, len(SHIPPED)), st.integers(0, 40), st.text(max_size=4))
def test_no_damage_to_a_file_is_more_than_a_mistake_of_its_owner(start: int, length: int, text: str) -> None:
    with suppress(UserError):
        from_text(SHIPPED[:start] + text + SHIPPED[start + length :])
