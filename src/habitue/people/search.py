"""Finding customers by name, e-mail, phone, order number or key, by whole words and their beginnings.

Each word of the working copy's `search` stands with the key (`node`) it was said of: merged or split, a
customer is found as they are now. What is asked is folded as the words are: small letters, no accents.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Final, Literal, get_args

import phonenumbers
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

from habitue.engine.extract import Sql
from habitue.store.warehouse import Warehouse
from habitue.store.writer import Writer

By = Literal["order", "phone", "email", "key", "name"]
"""What somebody was found by."""

NAMES: Final = ("name", "firstName", "lastName", "first_name", "last_name", "company")
EMAILS: Final = ("email",)
PHONES: Final = ("phone", "mobile")
MOST: Final = 8
"""So many words are looked for; what is asked beyond them is not."""

MANY: Final = 50_000
"""Where more have the one word that is asked for, or a word that begins so, so many are found."""

FEW: Final = 10_000
"""Of so many rows it is looked up first what they tell."""

_KINDS: Final = get_args(By)
_LAST: Final = "\U0010ffff"


class Found(Struct, frozen=True):
    """A customer, what they were found by, and how well (the more the better)."""

    person: int
    by: By
    score: int


def index(writer: Writer, rows: pa.Table, names: Collection[str]) -> None:
    """Take in the words of rows of the log, events of these names, once they are in the tails."""
    traits = [words for said, words in _TRAITS.items() if "$identify" in names and _mentioned(rows, said)]
    orders = [_ORDERS] if any(name.startswith("Order ") for name in names) else []
    if traits or orders:
        text = _INDEX.format(told=_TOLD if traits else "", words=" UNION ALL ".join(traits + orders))
        writer.run(text, arriving=rows.select(["seq"]))


def keyed(writer: Writer, fresh: pa.Table) -> None:
    """Take in keys (node, key) that were not known."""
    words = [part for kind, part in _KEYS.items() if pc.any(pc.starts_with(fresh["key"], kind)).as_py()]
    if words:
        writer.run(_KEYED.format(words=" UNION ALL ".join(words)), fresh=fresh)


def _mentioned(rows: pa.Table, said: Sequence[str]) -> bool:
    """Whether any of these traits may be told of: of a few rows that is sooner seen than asked."""
    marks = (*(f'"{name}"' for name in said), r"\u")
    return len(rows) > FEW or any(pc.any(pc.match_substring(rows["props"], mark)).as_py() for mark in marks)


def hits(warehouse: Warehouse, text: str, region: str | None = None) -> Sql:
    """The query for everybody found by all of the words: `(person, score)`, in no order.

    `region` is the country (ISO 3166) of phone numbers that name none. The best have the highest score.
    """
    meant = ([words for words in way if words] for way in _ways(_folded(warehouse, text), region))
    parts = [_matching(way) for way in meant if way]
    if not parts:
        return Sql("SELECT person, 0 AS score FROM person WHERE false")
    return parts[0] if len(parts) == 1 else _joined(parts, _BEST)


def find(warehouse: Warehouse, text: str, region: str | None = None, limit: int = 50) -> list[Found]:
    """The best of those found: whole words before beginnings, numbers and addresses before names."""
    query = hits(warehouse, text, region)
    found = warehouse.read(
        f"SELECT person, score FROM ({query.text}) SEMI JOIN person USING (person) "
        "ORDER BY score DESC, person LIMIT ?",
        (*query.params, limit),
    )
    return [
        Found(row["person"], _KINDS[-1 - row["score"] % len(_KINDS)], row["score"])
        for row in found.to_pylist()
    ]


def _kinds(kind: By) -> int:
    return _KINDS.index(kind)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"'trait.{name}'" for name in names)


# An address is found from any of its parts on; a phone number in the spelling it was given in, digits only.
_TRAITS: Final = {
    NAMES: f"""
        SELECT node, {_kinds("name")} AS kind, unnest(words_of(value)) AS word
        FROM told WHERE name IN ({_listed(NAMES)})""",
    EMAILS: f"""
        SELECT node, {_kinds("email")} AS kind, unnest(parts_of(plain_of(value))) AS word
        FROM told WHERE name IN ({_listed(EMAILS)})""",
    PHONES: f"""
        SELECT node, {_kinds("phone")} AS kind, digits_of(value) AS word
        FROM told WHERE name IN ({_listed(PHONES)})""",
}
_ORDERS: Final = f"""
    SELECT node, {_kinds("order")} AS kind, plain_of(ltrim(TRY(props ->> '$.order_id'), '#')) AS word
    FROM event_tail WHERE seq IN (SELECT seq FROM arriving)
        AND code IN (SELECT code FROM event_name WHERE starts_with(name, 'Order '))
"""
_TOLD: Final = f"""
    WITH told AS (
        SELECT node, name, value ->> '$' AS value FROM trait_tail
        WHERE seq IN (SELECT seq FROM arriving) AND name IN ({_listed((*NAMES, *EMAILS, *PHONES))})
    )"""
_INDEX: Final = """
    INSERT INTO search_tail {told}
    SELECT DISTINCT word, node, kind FROM ({words}) WHERE word <> '' ORDER BY ALL
"""

_KEYED: Final = """
    INSERT INTO search_tail
    WITH named AS (
        SELECT node, split_part(key, ':', 1) AS kind, key[strpos(key, ':') + 1:] AS bare FROM fresh
    )
    SELECT DISTINCT word, node, kind FROM ({words}) WHERE word <> '' ORDER BY ALL
"""
_KEYS: Final = {
    "user:": f"SELECT node, {_kinds('key')} AS kind, plain_of(bare) AS word FROM named WHERE kind = 'user'",
    "email:": f"""
        SELECT node, {_kinds("email")} AS kind, unnest(parts_of(plain_of(bare))) AS word
        FROM named WHERE kind = 'email'""",
    "phone:": f"""
        SELECT node, {_kinds("phone")} AS kind, digits_of(bare) AS word
        FROM named WHERE kind = 'phone'""",
}


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
    """The query for who has all of it."""
    alone = len(way) == 1
    parts = [_joined([_beginning(word, alone) for word in words], _BEST) for words in way]
    if alone:
        return parts[0]
    n = len(_KINDS)
    score = f"(sum(score // {n}) * {n} + max(score) % {n})::BIGINT"
    every = f"SELECT person, {score} AS score FROM ({{}}) GROUP BY person HAVING count(*) = {len(parts)}"
    return _joined(parts, every)


_BEST: Final = "SELECT person, max(score) AS score FROM ({}) GROUP BY person"


def _beginning(word: str, alone: bool) -> Sql:
    """Who has a word that begins so; in the score's remainder stands what kind of word it is.

    A whole word counts twice, an address or number more than a name. Of several words a single letter is a
    whole one: too many begin so.
    """
    last = word + _LAST if alone or len(word) > 1 else word
    worth = f"CASE WHEN word = ? THEN 8 ELSE 4 END + CASE kind WHEN {_kinds('name')} THEN 0 ELSE 2 END"
    return Sql(
        "SELECT coalesce(person, node) AS person, "
        f"({worth}) * {len(_KINDS)} + {len(_KINDS) - 1} - kind AS score "
        "FROM (SELECT * FROM search WHERE word BETWEEN ? AND ?"
        f"{f' LIMIT {MANY}' if alone else ''}) LEFT JOIN merged USING (node)",
        (word, word, last),
    )


def _joined(parts: Sequence[Sql], around: str) -> Sql:
    """All rows of the parts, inside a query that has {} in their place."""
    text = around.format(" UNION ALL ".join(f"({part.text})" for part in parts))
    return Sql(text, tuple(param for part in parts for param in part.params))
