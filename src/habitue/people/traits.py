"""What is known of customers' traits: whose word counts, of what type each is, and who said what when.

Settled per workspace in one setting. The working copy keeps it as rules were folded with it (`standing`,
`declared`); where it changes, those whose traits may read differently are folded again, as history.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, Final, Literal, TypeAlias, get_args

import pyarrow as pa
from msgspec import Struct, json
from msgspec.structs import replace

from habitue.kernel.clock import Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.store import senders
from habitue.store.ops import Ops
from habitue.store.warehouse import Warehouse

Type = Literal["text", "number", "boolean", "date", "list"]
TYPES: Final = get_args(Type)

SETTING: Final = "traits"
BROWSER: Final = "browser"
"""In an order of sources it stands for every browser: what pages say is not verified."""

Standing: TypeAlias = set[tuple[str, str, int]]


class Settled(Struct, frozen=True):
    """`precedence`: sources, the strongest first, by trait or "" for all others; `types` by trait."""

    precedence: Mapping[str, tuple[str, ...]] = {}
    types: Mapping[str, Type] = {}


class Trait(Struct, frozen=True):
    """A trait over all customers. `type` is the declared one or else what most values are; of how many
    customers it is known, how many values are of another type, who says it, and in which order they count.
    """

    name: str
    type: Type
    declared: bool
    customers: int
    share: float
    mismatches: int
    sources: list[str]
    precedence: tuple[str, ...] = ()


class Said(Struct, frozen=True):
    """A value that a source gave a trait, under which key and when; `counted` if it was the trait's value
    then, `current` if it is now.
    """

    name: str
    value: Any
    ts: Micros
    source: str | None
    key: str | None
    counted: bool
    current: bool


# --- what is settled ------------------------------------------------------------------------------


def settled(ops: Ops) -> Settled:
    """As it was last settled."""
    return json.decode(ops.setting(SETTING) or "{}", type=Settled)


def prefer(ops: Ops, sources: Sequence[str], trait: str | None = None) -> None:
    """Let the sources count in this order, the strongest first, for one trait or all that have no own order.

    A name may end in `*`; `browser` is every browser. Those not named count less, browsers least; with no
    sources a trait follows the general order again. Raises `UserError`.
    """
    name = _named(trait) if trait is not None else ""
    order = tuple(dict.fromkeys(source.strip() for source in sources))
    if "" in order:
        raise UserError(N_("A source has no name. Write them as: import:crm*, shop, browser."))
    now = settled(ops)
    kept = {one: given for one, given in now.precedence.items() if one != name}
    _put(ops, replace(now, precedence=kept | ({name: order} if order else {})))


def declare(ops: Ops, trait: str, type_: str | None) -> None:
    """Say of what type a trait is, or (None) say it no more. Raises `UserError`."""
    if type_ is not None and type_ not in TYPES:
        raise UserError(
            N_("“{type}” is no type of trait. Choose one of {types}."), type=type_, types=", ".join(TYPES)
        )
    name, now = _named(trait), settled(ops)
    kept = {one: given for one, given in now.types.items() if one != name}
    _put(ops, replace(now, types=kept | ({name: type_} if type_ else {})))


def _named(trait: str) -> str:
    name = trait.strip().removeprefix("trait.")
    if not name or len(name) > 200:
        raise UserError(N_("“{name}” names no trait."), name=trait[:60])
    return name


def _put(ops: Ops, now: Settled) -> None:
    ops.put_setting(SETTING, json.encode(now).decode())


# --- as the working copy has it -------------------------------------------------------------------


def settle(ops: Ops, warehouse: Warehouse) -> None:
    """Bring what the working copy has up to what is settled; whose traits may read otherwise are touched."""
    now = settled(ops)
    wanted = set(_standing(now, *_sources(ops, warehouse, now)))
    numbers = {f"trait.{name}" for name, type_ in now.types.items() if type_ == "number"}
    had: Standing = {
        (row["trait"], row["source"], row["rank"]) for row in warehouse.read("FROM standing").to_pylist()
    }
    were = set(warehouse.read("FROM declared").column(0).to_pylist())
    changed, others = wanted ^ had, numbers ^ were
    if changed or others:
        _store(warehouse, wanted, numbers, changed, others)


def _sources(ops: Ops, warehouse: Warehouse, now: Settled) -> tuple[set[str], set[str]]:
    """Every source that an order may mean, and which of them are browsers."""
    known = {row[0]: row[1] for row in senders.rows(ops, closed=True)}
    named = {one for order in now.precedence.values() for one in order}
    if any("*" in one for one in named):
        said = "SELECT DISTINCT source FROM trait UNION SELECT DISTINCT source FROM account_trait"
        named |= {one for one in warehouse.read(said).column(0).to_pylist() if one}
    plain = {one for one in named if "*" not in one} - {BROWSER}
    return plain | known.keys(), {one for one, kind in known.items() if kind == BROWSER}


def _standing(now: Settled, sources: Iterable[str], browsers: set[str]) -> Iterator[tuple[str, str, int]]:
    """The ranks that aren't 0; of a trait with its own order also that it has one."""
    every = sorted(sources)
    for trait, order in {"": (), **now.precedence}.items():
        name = f"trait.{trait}" if trait else ""
        if trait:
            yield name, "", 0
        for source in every:
            if rank := _rank(source, order, source in browsers):
                yield name, source, rank


def _rank(source: str, order: Sequence[str], browser: bool) -> int:
    for place, wanted in enumerate(order):
        if fnmatchcase(source, wanted) or (browser and wanted == BROWSER):
            return len(order) - place
    return -1 if browser else 0


# Whoever has a word of a source that counts otherwise than before, or a trait with another order or type.
_TOUCHED: Final = """
    INSERT INTO touched SELECT DISTINCT person, true FROM (
        SELECT person, name, source FROM trait
        UNION ALL SELECT coalesce(person, node), name, source FROM account_trait LEFT JOIN merged USING (node)
    ) WHERE name IN (SELECT unnest(?)) OR source IN (SELECT unnest(?)) ORDER BY person
"""


def _store(
    warehouse: Warehouse, wanted: Standing, numbers: set[str], changed: Standing, others: set[str]
) -> None:
    rows = {"standing": ("trait", "source", "rank"), "declared": ("trait",)}
    given: dict[str, list[Any]] = {
        "standing": sorted(wanted),
        "declared": [(one,) for one in sorted(numbers)],
    }
    with warehouse.write() as writer:
        for table, columns in rows.items():
            writer.run(f"DELETE FROM {table}")
            if given[table]:
                values = dict(zip(columns, map(list, zip(*given[table], strict=True)), strict=True))
                writer.append(table, pa.table(values))
        names = [trait for trait, _, _ in changed if trait] + list(others)
        writer.run(_TOUCHED, (names, [source for trait, source, _ in changed if not trait]))


# --- asking ---------------------------------------------------------------------------------------

_KIND: Final = """CASE json_type(CAST(value AS JSON))
    WHEN 'BOOLEAN' THEN 'boolean' WHEN 'ARRAY' THEN 'list' WHEN 'VARCHAR' THEN
        CASE WHEN regexp_matches(value, '^"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.+Z-]*)?"$')
            THEN 'date' ELSE 'text' END
    WHEN 'NULL' THEN NULL ELSE 'number' END"""

_TRAITS: Final = f"""
    WITH told AS (
        SELECT name[7:] AS name, person, source, {_KIND} AS kind FROM said WHERE starts_with(name, 'trait.')
    ), kinds AS (SELECT name, kind, count(*) AS n FROM told WHERE kind IS NOT NULL GROUP BY ALL)
    SELECT told.name, count(DISTINCT person) FILTER (kind IS NOT NULL) AS customers,
        list_sort(list(DISTINCT source) FILTER (source IS NOT NULL)) AS sources,
        (SELECT map(list(kind), list(n)) FROM kinds WHERE kinds.name = told.name) AS kinds
    FROM told GROUP BY ALL ORDER BY customers DESC, told.name"""


def traits(ops: Ops, warehouse: Warehouse) -> list[Trait]:
    """All traits that anybody has, those known of most customers first."""
    now, people = settled(ops), warehouse.read("SELECT count(*) AS n FROM person")["n"][0].as_py()
    return [
        _trait(row["name"], dict(row["kinds"] or ()), row["customers"], row["sources"] or [], people, now)
        for row in warehouse.read(_TRAITS).to_pylist()
    ]


def _trait(
    name: str, kinds: dict[str, int], customers: int, sources: list[str], people: int, now: Settled
) -> Trait:
    declared = now.types.get(name)
    most = max(kinds, key=kinds.__getitem__) if kinds else "text"
    usual: Any = declared or most
    fitting = kinds.get(usual, 0) + (kinds.get("date", 0) if usual == "text" else 0)
    order = now.precedence.get(name, now.precedence.get("", ()))
    return Trait(
        name,
        usual,
        declared is not None,
        customers,
        customers / people if people else 0.0,
        sum(kinds.values()) - fitting,
        sources,
        order,
    )


_HISTORY: Final = """
    SELECT name[7:] AS name, value, epoch_us(ts) AS ts, source, key, rank >= best AS counted,
        counted AND row_number() OVER (PARTITION BY name ORDER BY rank DESC, ts DESC, seq DESC) = 1 AS current
    FROM (
        SELECT {said}.*, node.key, max(rank) OVER (
            PARTITION BY name ORDER BY {said}.ts, {said}.seq ROWS UNBOUNDED PRECEDING) AS best
        FROM {said} LEFT JOIN node USING (node) WHERE {subject} = ? AND starts_with(name, 'trait.')
    ) ORDER BY name, ts DESC, seq DESC"""


def history(warehouse: Warehouse, person: int) -> list[Said]:
    """All that was ever said of a customer's traits, by trait, the latest first."""
    return _history(warehouse, "said", "person", person)


def account_history(warehouse: Warehouse, account: int) -> list[Said]:
    """All that was ever said of an account's traits, by trait, the latest first."""
    return _history(warehouse, "account_said", "account", account)


def _history(warehouse: Warehouse, said: str, subject: str, one: int) -> list[Said]:
    found = warehouse.read(_HISTORY.format(said=said, subject=subject), (one,)).to_pylist()
    return [Said(**{**row, "value": json.decode(row["value"]) if row["value"] else None}) for row in found]
