"""Finding customers by name, e-mail, phone, order number or key, by whole words and their beginnings.

Each word of the working copy's `search` stands with the key (`node`) it was said of: merged or split, a
customer is found as they are now. What is asked is folded as the words are: small letters, no accents.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, Literal, get_args

import phonenumbers
import pyarrow as pa
from msgspec import Struct

from habitue.engine.extract import Sql
from habitue.store.warehouse import Warehouse, Writer

By = Literal["order", "phone", "email", "key", "name"]
"""What somebody was found by."""

NAMES: Final = ("name", "firstName", "lastName", "first_name", "last_name", "company")
EMAILS: Final = ("email",)
PHONES: Final = ("phone", "mobile")
MOST: Final = 8
"""So many words are looked for; what is asked beyond them is not."""

_KINDS: Final = get_args(By)
_LAST: Final = "\U0010ffff"


class Found(Struct, frozen=True):
    """A customer, what they were found by, and how well (the more the better)."""

    person: int
    by: By
    score: int


def index(writer: Writer, rows: pa.Table) -> None:
    """Take in the words of rows of the log, once they are in the tails."""
    writer.run(_INDEX, arriving=rows.select(["seq"]))


def keyed(writer: Writer, rows: pa.Table) -> None:
    """Take in the keys of rows of the log, before they are known in `node`."""
    writer.run(_KEYS, arriving=rows)


def hits(warehouse: Warehouse, text: str, region: str | None = None) -> Sql:
    """The query for everybody found by all of the words: `(person, score, kind)`, in no order.

    `region` is the country (ISO 3166) of phone numbers that name none.
    """
    meant = ([words for words in way if words] for way in _ways(_folded(warehouse, text), region))
    parts = [_matching(way) for way in meant if way]
    if not parts:
        return Sql("SELECT person, 0 AS score, 0 AS kind FROM person WHERE false")
    return joined(
        [part.inside("(", ")") for part in parts],
        "SELECT person, max(score)::BIGINT AS score, arg_max(kind, score)::TINYINT AS kind FROM ({}) "
        "GROUP BY person",
    )


def find(warehouse: Warehouse, text: str, region: str | None = None, limit: int = 50) -> list[Found]:
    """The best of those found: whole words before beginnings, numbers and addresses before names."""
    query = hits(warehouse, text, region)
    found = warehouse.read(
        f"SELECT person, kind, score FROM ({query.text}) SEMI JOIN person USING (person) "
        "ORDER BY score DESC, person LIMIT ?",
        (*query.params, limit),
    )
    return [Found(row["person"], _KINDS[row["kind"]], row["score"]) for row in found.to_pylist()]


def _kinds(kind: By) -> int:
    return _KINDS.index(kind)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"'trait.{name}'" for name in names)


# An address is found from any of its parts on; a phone number in the spelling it was given in, digits only.
_INDEX: Final = f"""
    INSERT INTO search_tail
    WITH told AS (
        SELECT node, name, value ->> '$' AS value FROM trait_tail
        WHERE seq IN (SELECT seq FROM arriving) AND name IN ({_listed((*NAMES, *EMAILS, *PHONES))})
    ), words AS (
        SELECT node, {_kinds("name")} AS kind, unnest(words_of(value)) AS word
        FROM told WHERE name IN ({_listed(NAMES)})
        UNION ALL
        SELECT node, {_kinds("email")}, unnest(parts_of(plain_of(value)))
        FROM told WHERE name IN ({_listed(EMAILS)})
        UNION ALL
        SELECT node, {_kinds("phone")}, digits_of(value) FROM told WHERE name IN ({_listed(PHONES)})
        UNION ALL
        SELECT node, {_kinds("order")}, plain_of(ltrim(TRY(props ->> '$.order_id'), '#')) FROM event_tail
        WHERE seq IN (SELECT seq FROM arriving)
            AND code IN (SELECT code FROM event_name WHERE starts_with(name, 'Order '))
    )
    SELECT DISTINCT word, node, kind FROM words WHERE word <> '' ORDER BY ALL
"""

_KEYS: Final = f"""
    INSERT INTO search_tail
    WITH named AS (
        SELECT DISTINCT person::INTEGER AS node, key FROM arriving
        UNION SELECT unnest(nodes)::INTEGER, unnest(also) FROM arriving WHERE nodes IS NOT NULL
    ), fresh AS (
        SELECT node, split_part(key, ':', 1) AS kind, key[strpos(key, ':') + 1:] AS bare
        FROM named ANTI JOIN node USING (node)
    ), words AS (
        SELECT node, {_kinds("key")} AS kind, plain_of(bare) AS word FROM fresh WHERE kind = 'user'
        UNION ALL
        SELECT node, {_kinds("email")}, unnest(parts_of(plain_of(bare))) FROM fresh WHERE kind = 'email'
        UNION ALL SELECT node, {_kinds("phone")}, digits_of(bare) FROM fresh WHERE kind = 'phone'
    )
    SELECT DISTINCT word, node, kind FROM words WHERE word <> '' ORDER BY ALL
"""


def _folded(warehouse: Warehouse, text: str) -> str:
    """As the words are kept."""
    return str(warehouse.read("SELECT plain_of(?) AS text", (text[:200],))["text"][0].as_py())


Way = list[list[str]]
"""Everybody who has, for each of the lists, a word that begins with one of it."""


def _ways(text: str, region: str | None) -> Iterator[Way]:
    """How the text may be meant: as one phone number, else as words."""
    if " " in text and _dialable(text):
        yield [_spellings(text, region)]
        return
    yield [_meant(part, region) for part in text.split()[:MOST]]
    if not re.search(r"[\d@]", text):  # a name with a hyphen is several words; a number with one is none
        loose = re.findall(r"[^\W_]+", text)[:MOST]
        if loose != text.split():
            yield [[word] for word in loose]


def _meant(part: str, region: str | None) -> list[str]:
    """The beginnings that one word may stand for: itself, or a phone number as it may be written."""
    word = _KIND.sub("", part.strip("\"'“”«»,;")).lstrip("@#")
    ways = [word, *(_spellings(part, region) if _dialable(part) else [])]
    return [way for way in dict.fromkeys(ways) if way]


_KIND: Final = re.compile(r"(user|email|phone):")


def _dialable(text: str) -> bool:
    return bool(re.fullmatch(r"[\d\s+()./-]+", text)) and sum(map(str.isdigit, text)) >= 4


def _spellings(text: str, region: str | None) -> list[str]:
    """The beginnings under which a number may have been written down."""
    digits = re.sub(r"\D", "", text.replace("(0)", ""))
    code, trunk = _dialled(region)
    if text.strip().startswith("+") or digits.startswith("00"):
        digits = digits.removeprefix("00")
        own = [trunk + digits.removeprefix(code)] if code and digits.startswith(code) else []
        return [digits, *own]
    if not code:
        return [digits]
    bare = digits.removeprefix(trunk)
    return list(dict.fromkeys((digits, code + bare, trunk + bare)))


def _dialled(region: str | None) -> tuple[str, str]:
    """A country's code, and what is dialled before a number inside it (“0” in most, nothing in some)."""
    if region is None:
        return "", ""
    code = phonenumbers.country_code_for_region(region)
    return str(code or ""), phonenumbers.ndd_prefix_for_region(region, True) or ""


def _matching(way: Way) -> Sql:
    """The query for who has all of it; a whole word counts twice, an address or number more than a name."""
    whole = len(way) == 1
    parts = [joined([_beginning(word, whole) for word in words], _BEST).inside("(", ")") for words in way]
    return joined(
        parts,
        "SELECT person, arg_max(kind, score) AS kind, sum(score) AS score FROM ({}) "
        f"GROUP BY person HAVING count(*) = {len(parts)}",
    )


_BEST: Final = "SELECT person, arg_max(kind, score) AS kind, max(score) AS score FROM ({}) GROUP BY person"


def _beginning(word: str, alone: bool) -> Sql:
    """Who has a word that begins so. Of several words a single letter is a whole one: too many begin so."""
    last = word + _LAST if alone or len(word) > 1 else word
    return Sql(
        "SELECT coalesce(person, node) AS person, kind, CASE WHEN word = ? THEN 8 ELSE 4 END "
        f"+ CASE kind WHEN {_kinds('name')} THEN 0 ELSE 2 END AS score "
        "FROM search LEFT JOIN merged USING (node) WHERE word BETWEEN ? AND ?",
        (word, word, last),
    )


def joined(parts: Sequence[Sql], around: str) -> Sql:
    """All rows of the parts, inside a query that has {} in their place."""
    text = around.format(" UNION ALL ".join(part.text for part in parts))
    return Sql(text, tuple(param for part in parts for param in part.params))
