"""SQL over one JSON value: what a path leads to, and how it compares with a literal.

The *leaves* of a value are the plain values that a path leads to: one as a rule, one for each element
where the path crosses or ends in a list. A comparison holds when any leaf's does; `!=` and `not in`
when there are leaves and none is equal (`rules.judge.compared` is the meaning). Every literal of a
rule is bound, never written into the text.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from habitue.rules import nodes


class Sql(NamedTuple):
    """A piece of SQL with the values of its question marks, in order."""

    text: str
    params: tuple[object, ...] = ()

    def inside(self, before: str, after: str = "") -> Sql:
        return Sql(before + self.text + after, self.params)


FALSE: Final = Sql("false")

NUMBERS: Final = ("BIGINT", "UBIGINT", "HUGEINT", "UHUGEINT", "DOUBLE")
"""What DuckDB calls the kinds of JSON numbers."""

FLOATS: Final = 2**53
"""Below this whole numbers are compared as floats; above, where long ids lie, one float stands for many."""


def joined(word: str, parts: list[Sql]) -> Sql:
    """`(a AND b AND c)` for the word "AND"."""
    return Sql(
        "(" + f" {word} ".join(part.text for part in parts) + ")", sum((part.params for part in parts), ())
    )


def condition(where: nodes.Rule) -> Sql:
    """The condition on one row of `event`; true or false, never NULL."""
    match where:
        case nodes.And(items):
            return joined("AND", [condition(item) for item in items])
        case nodes.Or(items):
            return joined("OR", [condition(item) for item in items])
        case nodes.Not(item):
            return condition(item).inside("(NOT ", ")")
        case nodes.Compare(nodes.Prop(path), op, value):
            return compared("props", path, op, value)
    raise TypeError(f"`where` holds comparisons of the event's properties only, not {where}")


def compared(column: str, path: tuple[str, ...], op: nodes.Operator, value: Any) -> Sql:
    """Whether what the path leads to in a JSON column compares so; true or false, never NULL.

    A plain value is read at once; only where there is none, or a list, all leaves are looked for.
    """
    at = _reached(column, path)
    kind = at.inside("json_type(", ")")
    listed = kind.inside("coalesce(", f", '{'ARRAY' if len(path) > 1 else 'NULL'}') IN ('ARRAY')")
    once, many = _of_one(at, op, value), _of_all(spread(column, path), op, value)
    return Sql(
        f"coalesce(CASE WHEN {listed.text} THEN {many.text} ELSE {once.text} END, false)",
        listed.params + many.params + once.params,
    )


def leaves(column: str, path: tuple[str, ...]) -> Sql:
    """The list of the plain values that the path leads to."""
    return spread(column, path).inside("list_filter(", f", lambda x: {PLAIN.format('x')})")


PLAIN: Final = f"json_type({{}}) IN {(*NUMBERS, 'VARCHAR', 'BOOLEAN')}"
"""Whether a value is a leaf."""


def spread(column: str, path: tuple[str, ...]) -> Sql:
    """The list of all that the path leads to, lists and what they hold side by side; its plain values are the
    leaves.

    Planning this costs as much as the rest of a small query, so it is made of few and simple functions.
    """
    found = _opened(_reached(column, path[:1]))
    for key in path[1:]:
        inner = _opened(Sql("json_extract(x, ?)", (_pointer((key,)),)))
        found = Sql(
            f"flatten(list_transform({found.text}, lambda x: {inner.text}))", found.params + inner.params
        )
    return found


def _opened(value: Sql) -> Sql:
    """A list of the value and, if it is a list, of what it and the lists in it hold."""
    inner = [value.inside("json_extract(", f", '${depth}')") for depth in ("[*]", "[*][*]", "[*][*][*]")]
    return joined(",", [value.inside("[", "]"), *inner]).inside("list_concat")


def _reached(column: str, path: tuple[str, ...]) -> Sql:
    """What stands at the end of the path, where no list is on the way."""
    return Sql(f"json_extract({column}, ?)", (_pointer(path),)) if path else Sql(f"CAST({column} AS JSON)")


def _of_one(at: Sql, op: nodes.Operator, value: Any) -> Sql:
    there = at.inside("json_type(", ") NOT IN ('OBJECT', 'NULL', 'ARRAY')")
    if value is None:
        return there if op == "!=" else there.inside("NOT coalesce(", ", false)")
    if op in ("!=", "not in"):
        return joined("AND", [there, _leaf(at, _POSITIVE[op], value).inside("NOT coalesce(", ", false)")])
    return _leaf(at, op, value)


def _of_all(found: Sql, op: nodes.Operator, value: Any) -> Sql:
    there = found.inside("len(list_filter(", f", lambda x: {PLAIN.format('x')}))")
    if value is None:
        return there.inside("", f" {'>' if op == '!=' else '='} 0")
    # Of a list, `contains` asks for an element, not for a part of a text.
    wanted: nodes.Operator = _POSITIVE.get(op, "==" if op == "contains" else op)
    test = _leaf(Sql("x"), wanted, value)
    some = Sql(f"len(list_filter({found.text}, lambda x: {test.text})) > 0", found.params + test.params)
    if op not in _POSITIVE:
        return some
    return joined("AND", [there.inside("", " > 0"), some.inside("NOT ")])


_POSITIVE: Final[dict[nodes.Operator, nodes.Operator]] = {"!=": "==", "not in": "in"}
_TEXTUAL: Final = {"contains": "contains", "startswith": "starts_with", "matches": "regexp_matches"}


def _leaf(x: Sql, op: nodes.Operator, value: Any) -> Sql:
    """The comparison of one plain value; kinds never mix. NULL counts as false."""
    if op == "in":
        return joined("OR", [_leaf(x, "==", one) for one in value]) if value else FALSE
    if op in _TEXTUAL and not isinstance(value, str):
        return FALSE
    if isinstance(value, bool):
        return x.inside("CAST(", f" AS VARCHAR) = '{str(value).lower()}'") if op == "==" else FALSE
    if isinstance(value, str):
        kind, found = x.inside("json_type(", ") = 'VARCHAR'"), x.inside("json_extract_string(", ", '$')")
    else:
        kind, found = x.inside("numeric_type(", ")"), x.inside("TRY_CAST(", " AS DOUBLE)")
    if op in _TEXTUAL:
        return joined("AND", [kind, Sql(f"{_TEXTUAL[op]}({found.text}, ?)", (*found.params, value))])
    sign = "=" if op == "==" else op
    test = Sql(f"{found.text} {sign} ?", (*found.params, value))
    if isinstance(value, int) and abs(value) >= FLOATS:
        exact = x.inside("TRY_CAST(", f" AS HUGEINT) {sign} ?")
        test = Sql(f"coalesce({exact.text}, {test.text})", (*exact.params, value, *test.params))
    return joined("AND", [kind, test])


def _pointer(path: tuple[str, ...]) -> str:
    """The JSON pointer of a path (RFC 6901), where no name can be taken for a place in a list."""
    if any(key.isdecimal() or key == "-" for key in path):
        return "$" + "".join(f'."{key}"' for key in path)
    return "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in path)
