"""Nothing is said in English only, and nothing is translated that nobody says."""

from __future__ import annotations

import re

from tests.project.messages import answered, fields, forms, said

ORDINARY_SPACE = re.compile(r" [;:?!»]|« ")


def test_every_message_has_a_french_translation() -> None:
    french = {forms(message.id)[0] for _, message in answered()}
    assert {place: message for message, place in said().items() if message not in french} == {}


def test_no_translation_is_left_over() -> None:
    spoken = said()
    assert [
        (path.name, message.id) for path, message in answered() if forms(message.id)[0] not in spoken
    ] == []


def test_no_translation_is_empty_or_fuzzy() -> None:
    unsure = [
        (path.name, message.id)
        for path, message in answered()
        if message.fuzzy or not all(forms(message.string))
    ]
    assert unsure == []


def test_one_english_message_has_one_french_one() -> None:
    seen: dict[str, list[str]] = {}
    for path, message in answered():
        first = forms(message.id)[0]
        assert seen.setdefault(first, forms(message.string)) == forms(message.string), f"{path.name}: {first}"


def test_translations_keep_the_fields() -> None:
    for path, message in answered():
        known = set.union(*map(fields, forms(message.id)))
        for form in forms(message.string):
            lost = known - fields(form) - ({"n"} if len(forms(message.id)) > 1 else set())
            assert (lost, fields(form) - known) == (set(), set()), f"{path.name}: {form}"


def test_french_punctuation_has_its_no_break_spaces() -> None:
    assert [
        form for _, message in answered() for form in forms(message.string) if ORDINARY_SPACE.search(form)
    ] == []
