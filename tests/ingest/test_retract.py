"""An import that is taken back is as if it had never been: but for every no that it told of."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from habitue.ingest import inbox, loader, retract
from habitue.ingest.doctor import _working_copy
from habitue.store.log import EventLog
from tests.ingest.stores import Stores, opened, parcel

Event = dict[str, Any]
DAY: Final = 86_400_000_000
KEYS: Final = ("user:a", "user:b", "user:c", "email:x", "email:y", "anon:z")
SAID: Final = (
    '{"channel": "email", "status": "granted"}',
    '{"channel": "email", "status": "withdrawn"}',
    '{"email": true, "sms": {"newsletter": false, "offers": true}}',
)
KEPT: Final = (None, SAID[1], '{"sms":{"newsletter":false}}')
"""What is left of each of these answers once its import is taken back."""


def told(n: int) -> st.SearchStrategy[Event]:
    """An event whose contents are all its id says, so that two imports may hold the same."""
    return st.builds(
        lambda key, also, what, day: _event(n, key, also, what, day),
        st.sampled_from(KEYS),
        st.sampled_from((None, None, *KEYS[3:])),
        st.sampled_from(("order", "order", "city", 0, 1, 2)),
        st.integers(0, 5),
    )


def _event(n: int, key: str, also: str | None, what: str | int, day: int) -> Event:
    beside = [also] if also not in (None, key) else None
    event: Event = {"id": f"{n}", "key": key, "also": beside, "ts": day * DAY + n, "revenue": None}
    if what == "order":
        return event | {"revenue": 100 + n, "account": f"firm{n % 2}", "props": f'{{"order_id":"o{n}"}}'}
    if what == "city":
        props = json.dumps({"city": f"town {n}", "email": f"p{n}@b.fr"})
        return event | {"name": "$identify", "props": props}
    return event | {"name": "$consent", "props": SAID[int(what)]}


@st.composite
def stories(draw: st.DrawFn) -> list[tuple[str, Any]]:
    """Imports of some of a few events, live events, merges and splits; and imports taken back."""
    every = [draw(told(n)) for n in range(10)]
    some = st.lists(st.sampled_from(every), min_size=1, max_size=6, unique_by=lambda one: one["id"])
    steps: list[tuple[str, Any]] = []
    imports: list[int] = []
    for n in range(draw(st.integers(3, 7))):
        what = draw(st.sampled_from(("import", "import", "undo", "undo", "live", "rule")))
        if what == "undo" and imports:
            steps.append((what, imports.pop(draw(st.integers(0, len(imports) - 1)))))
        elif what == "rule":
            act, (one, other, *_) = draw(st.sampled_from(("$merge", "$split"))), draw(st.permutations(KEYS))
            steps.append((what, [_ruling(act, one, other, n)]))
        elif what == "live":
            steps.append((what, draw(some)))
        else:
            steps.append(("import", draw(some)))
            imports.append(n)
    return steps


def _ruling(act: str, one: str, other: str, n: int) -> Event:
    said = {"id": f"ruling {n}", "name": act, "key": one, "also": [other], "revenue": None}
    return said | {"ts": n, "props": '{"by": "ada", "why": "called"}'}


def played(stores: Stores, steps: list[tuple[str, Any]]) -> list[tuple[str, Event]]:
    """Do all that; what should be left of it, by a plain account: each event with where it came from."""
    left: dict[str, tuple[str, int | None, Event]] = {}
    for n, (what, given_) in enumerate(steps):
        if what == "undo":
            stores.log.retract(f"mark{given_}", "ada", n)
            for id_, (source, job, event) in [*left.items()]:
                if job == given_:
                    del left[id_]
                    if (no := _left(event)) is not None:
                        left[id_] = source, None, no
        else:
            mark = f"mark{n}" if what == "import" else None
            inbox.put(stores.ops, [replace(parcel(f"s{n}", *given_), job=mark)], n)
            for event in given_:
                left.setdefault(event["id"], (f"s{n}", n if mark else None, event))
        stores.load()
    return [(source, event) for source, _, event in left.values()]


def _left(event: Event) -> Event | None:
    no = KEPT[SAID.index(event["props"])] if event.get("name") == "$consent" else None
    return None if no is None else event | {"props": no}


PLAIN: Final = {
    "event": """SELECT person.key, node.key AS under, account.key AS account, ts, name, revenue, props, id
        FROM event JOIN event_name USING (code) LEFT JOIN person USING (person) JOIN node USING (node)
        LEFT JOIN account USING (account)""",
    "trait": """SELECT person.key, CASE WHEN source IS DISTINCT FROM '$merge' THEN node.key END AS under,
        name, value, ts, source FROM trait JOIN person USING (person) JOIN node USING (node)""",
    "consent": "SELECT key, channel, purpose, status, ts, source, via FROM consent JOIN node USING (node)",
    "person": "SELECT key, birth FROM person",
    "node": "SELECT key, birth FROM node",
    "account": "SELECT key, birth FROM account",
    "search": "SELECT DISTINCT word, key, kind FROM search JOIN node USING (node)",
    "tally": "SELECT name, source, hour, n, first, last FROM tally JOIN event_name USING (code)",
    "claim": """SELECT least(a.key, b.key) AS a, greatest(a.key, b.key) AS b, source, ts
        FROM claim JOIN node a ON a.node = one JOIN node b ON b.node = other""",
    "names": "SELECT name FROM event_name",
}
"""All that the working copy holds, without the numbers that depend on what was there before: what a merge
says stands under the least of them."""


def state(stores: Stores) -> dict[str, list[str]]:
    found = {name: sorted(map(repr, stores.rows(sql))) for name, sql in PLAIN.items()}
    whose: dict[int, list[str]] = {}
    for key, person in stores.rows(
        "SELECT key, coalesce(person, node) FROM node LEFT JOIN merged USING (node)"
    ):
        whose.setdefault(int(str(person)), []).append(str(key))
    return found | {"humans": sorted(map(repr, map(sorted, whose.values())))}


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(stories())
def test_what_remains_is_all_there_is(steps: list[tuple[str, Any]]) -> None:
    with ExitStack() as stack:
        folders = (Path(stack.enter_context(TemporaryDirectory())) for _ in range(2))
        stores, plain = (stack.enter_context(opened(folder)) for folder in folders)
        for n, (source, event) in enumerate(played(stores, steps)):
            inbox.put(plain.ops, [replace(parcel(source, event), key=f"{n}")], n)
        plain.load()
        assert state(stores) == state(plain)
        assert loader.rebuild(stores.log, stores.warehouse).differing == ()
        assert [one.state for one in _working_copy(stores.warehouse, stores.log, stores.ops)] == ["ok"]


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    with opened(tmp_path) as made:
        yield made


def test_a_log_knows_what_was_taken_back_and_from_where(stores: Stores) -> None:
    inbox.put(stores.ops, [replace(parcel("p", {}, {}), job="m")], 0)
    stores.load()
    assert (stores.log.retracted(), retract.left_out(stores.log)) == ({}, 0)
    stores.log.retract("m", "Odile", 7)
    assert dict(stores.log.retracted()) == {"m": (2, 7, "Odile")}
    assert (retract.left_out(stores.log), stores.log.end()) == (3, 3)
    assert dict(EventLog(stores.log.folder).retracted()) == {"m": (2, 7, "Odile")}


def test_rows_of_what_was_taken_back_that_come_again_by_the_same_import_count_no_more(
    stores: Stores,
) -> None:
    """As where the operational database was put back from an older copy, with its inbox."""
    one = replace(parcel("p", {"id": "x"}), job="m")
    inbox.put(stores.ops, [one], 0)
    stores.load()
    stores.log.retract("m", "Odile", 7)
    inbox.put(stores.ops, [one], 0)
    stores.load()
    assert stores.rows("SELECT count(*) FROM event") == [(0,)]
    inbox.put(stores.ops, [replace(one, job="n")], 0)
    stores.load()
    assert stores.rows("SELECT count(*) FROM event") == [(1,)]
