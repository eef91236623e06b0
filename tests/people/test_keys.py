from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from habitue.ingest.files import keys as cells
from habitue.people.keys import LONGEST, anon_key, email_key, junk, phone_key, spoken, user_key

ZERO_UUID = "00000000-0000-0000-0000-000000000000"


@pytest.mark.parametrize(
    "word",
    [
        *("undefined", "NULL", "none", " nil ", "NaN", "0", "-1", "[object Object]", "anonymous", "Guest"),
        *("unknown", "test", "True", "false", "", "   ", "000", "--", "...", ZERO_UUID, "0-0", "_", "N/A"),
    ],
)
def test_what_names_nobody_is_no_key(word: str) -> None:
    assert junk(word)
    assert (user_key(word), anon_key(word), email_key(word), phone_key(word, "FR")) == (
        None,
        None,
        None,
        None,
    )
    assert cells.person(word) == ("", cells.NOBODY)


@pytest.mark.parametrize("word", ["10", "a", "tester", "c-001", "0001", "é", "客户", "none@x"])
def test_what_could_name_somebody_is_kept(word: str) -> None:
    assert not junk(word)
    assert user_key(word) == f"user:{word}"


def test_an_address_is_the_same_person_whether_it_is_told_as_an_id_or_as_an_address() -> None:
    assert user_key("None@x.fr") == email_key(" none@x.fr") == "email:none@x.fr"


@pytest.mark.parametrize(
    "odd", [None, True, 1.5, [], {}, "a\0b", "a\x1bb", "\u202eabc", "x" * (LONGEST + 1), 2**200]
)
def test_what_is_no_text_or_too_long_or_steers_a_terminal_is_no_key(odd: object) -> None:
    assert (user_key(odd), anon_key(odd)) == (None, None)


def test_one_human_written_in_many_ways_has_one_key() -> None:
    ways = ("Zoé  Müller", " zoé müller ", "ZOE\N{COMBINING ACUTE ACCENT} MÜLLER")
    assert {user_key(way) for way in ways} == {"user:zoé müller"}
    assert user_key(42) == user_key("42") == "user:42"
    assert {email_key(way) for way in ("A@B.fr", " a@b.fr", "mailto:a@B.FR")} == {"email:a@b.fr"}
    ways = ("06 12 34 56 78", "+33 6 12 34 56 78", "0033612345678")
    assert {phone_key(way, "FR") for way in ways} == {"phone:+33612345678"}
    assert phone_key("06 12 34 56 78", None) is None


def test_devices_ids_differ_by_case() -> None:
    assert anon_key("aB") != anon_key("Ab")


@pytest.mark.parametrize(
    "bad", ["a@b", "a b@c.fr", "a@b.fr,c@d.fr", "Name <a@b.fr>", "a@b.fr\nBcc: v@x.fr", "@b.fr"]
)
def test_what_is_no_single_address_is_no_email(bad: str) -> None:
    assert email_key(bad) is None


@pytest.mark.parametrize("key", ["user:c-001", "email:a@b.fr", "phone:+33612345678", "anon:aB"])
def test_a_key_is_found_by_what_people_type(key: str) -> None:
    assert key in spoken(key)
    assert key in spoken(key.partition(":")[2])


@given(st.text(max_size=20))
def test_a_file_and_the_api_give_the_same_human_the_same_key(text: str) -> None:
    key, why = cells.person(text)
    said = user_key(text)
    if said and not why and key.startswith("user:") and not text.strip().startswith("'") and ".0" not in text:
        assert said == key


@given(st.text("ab01.-_ E'+@é", max_size=8))
def test_a_column_gives_the_keys_of_its_cells(text: str) -> None:
    made, why = cells.keys(pa.array([text]), "person")
    assert (made.to_pylist(), why.tolist()) == tuple([one] for one in cells.person(text))
