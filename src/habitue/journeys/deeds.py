"""What a walk wants done, done: in the transaction that brings its runs forward, so that it is done once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa

from habitue.engine.sweep import Ints
from habitue.ingest import inbox
from habitue.ingest.inbox import Parcel
from habitue.journeys.entries import Happens
from habitue.journeys.plan import Plan
from habitue.journeys.roles import Act, Expel, Happening, Message, Task
from habitue.journeys.walk import STOPPED, Done
from habitue.kernel.clock import Micros, duration
from habitue.messaging import outbox
from habitue.messaging.guards import WEBHOOK
from habitue.messaging.outbox import Wanted
from habitue.messaging.rules import TRANSACTIONAL
from habitue.people.answers import EVENT
from habitue.people.consent import WAITING
from habitue.rules.nodes import ANSWERED
from habitue.store import notes, runs
from habitue.store.log import PARCEL
from habitue.store.ops import Tx
from habitue.store.warehouse import Warehouse

SOURCE: Final = "habitue"
UNSENT: Final = "unsent"
"""What is noted of messages whose template isn't there."""

_BEGAN: Final = """
    SELECT own_runs.place, arg_max(event.props, event.seq) AS props
    FROM (SELECT * FROM event WHERE person IN (SELECT person FROM own_runs)) event
    JOIN event_name USING (code)
    JOIN own_runs ON own_runs.person = event.person AND make_timestamp(own_runs.entered) = event.ts
    WHERE event_name.name = ? GROUP BY ALL
"""

_ANSWERS: Final = """
    SELECT props ->> '$.run' AS run, props ->> '$.step' AS step,
        arg_max(props -> '$.answer', seq)::VARCHAR AS answer
    FROM event JOIN event_name USING (code) SEMI JOIN own_persons USING (person)
    WHERE event_name.name = ? AND props ->> '$.origin' = ? GROUP BY ALL
"""

Templates = Callable[[str], int | None]
"""The number of the version of a template that is live, by its name."""


class Batch(NamedTuple):
    """Runs that are walked together: of one plan, their ids and whose they are now."""

    plan: Plan
    version: int
    number: int
    runs: Ints
    persons: Ints
    entered: Ints

    @property
    def origin(self) -> str:
        """Who these messages are from."""
        return f"journey:{self.plan.journey.id}"


class Known(NamedTuple):
    """By which keys the log knows people; by place what a template is given: with what properties of an event
    the run began, and what webhooks answered.
    """

    keys: Mapping[int, str]
    given: Mapping[int, Mapping[str, Any]]


class Doer:
    """Does what is wanted; what is `known` is read before, so that nobody waits for that."""

    def __init__(self, warehouse: Warehouse, templates: Templates) -> None:
        self.warehouse = warehouse
        self.templates = templates

    def known(self, batch: Batch, done: Sequence[Done]) -> Known:
        """What is to be known of those to whom something is to happen."""
        rows = _rows([one for one in done if getattr(one.deed, "template", "")], Message)
        began, answers = self._began(batch, rows), self._answers(batch, rows)
        given = {
            n: {
                **({"event": began[n]} if n in began else {}),
                **({"webhook": answers[run]} if (run := int(batch.runs[n])) in answers else {}),
            }
            for n in rows.tolist()
        }
        return Known(self._keys(batch, _rows(done, Happening)), given)

    def _keys(self, batch: Batch, rows: Ints) -> dict[int, str]:
        if not len(rows):
            return {}
        own = pa.table({"person": np.unique(batch.persons[rows]).astype(np.int32)})
        found = self.warehouse.read(
            "SELECT person, key FROM person SEMI JOIN own_persons USING (person)", own_persons=own
        )
        return dict(zip(found["person"].to_pylist(), found["key"].to_pylist(), strict=True))

    def _began(self, batch: Batch, rows: Ints) -> dict[int, Mapping[str, Any]]:
        entry = batch.plan.journey.entry
        if not isinstance(entry, Happens) or not len(rows):
            return {}
        own = pa.table(
            {
                "place": rows.astype(np.int64),
                "person": batch.persons[rows].astype(np.int32),
                "entered": batch.entered[rows],
            }
        )
        found = self.warehouse.read(_BEGAN, (entry.event,), own_runs=own)
        props = (msgspec.json.decode(one) for one in found["props"].to_pylist())
        return dict(zip(found["place"].to_pylist(), props, strict=True))

    def _answers(self, batch: Batch, rows: Ints) -> dict[int, dict[str, Any]]:
        """What webhooks answered to steps of these runs, by run and step."""
        steps = (node.step.does for node in batch.plan.nodes)
        calls = any(isinstance(one, Act) and getattr(one.deed(), "channel", "") == WEBHOOK for one in steps)
        if not calls or not len(rows):
            return {}
        own = pa.table({"person": np.unique(batch.persons[rows]).astype(np.int32)})
        told = self.warehouse.read(_ANSWERS, (ANSWERED, batch.origin), own_persons=own).to_pylist()
        found: dict[int, dict[str, Any]] = {}
        for one in told:
            found.setdefault(int(one["run"]), {})[one["step"]] = msgspec.json.decode(one["answer"])
        return found

    def do(self, tx: Tx, batch: Batch, one: Done, known: Known, now: Micros) -> int:
        """Do it for all of them; for how many it could not be done."""
        match one.deed:
            case Message() as message:
                return self._send(tx, batch, one, message, known, now)
            case Happening() as happening:
                self._tell(tx, batch, one, happening, known.keys, now)
            case Task() as task:
                self._task(tx, batch, one, task, now)
            case Expel(slug):
                gone = runs.stop(tx, slug, batch.persons[one.rows].tolist(), now, STOPPED)
                outbox.cancel(tx, f"journey:{slug}", [str(run) for run in gone], now=now)
        return 0

    def _send(self, tx: Tx, batch: Batch, one: Done, message: Message, known: Known, now: Micros) -> int:
        template = self.templates(message.template) if message.template else 0
        if not len(one.rows):
            return 0
        late = duration(batch.plan.journey.head.late)
        like = Wanted(
            origin=batch.origin,
            step=f"v{batch.number}:{batch.plan.nodes[one.node].step.id}",
            run="-",
            person=0,
            channel=message.channel,
            purpose=message.purpose,
            template=template or 0,
            language=message.language,
            values=message.values,
            priority=batch.plan.journey.head.priority,
            due=now,
        )
        persons = batch.persons[one.rows].tolist()
        runs_ = [str(run) for run in batch.runs[one.rows].tolist()]
        if template is None:
            outbox.fail(tx, like, persons, runs_, now, "gone", {"template": message.template})
            return len(persons)
        outbox.put_many(
            tx,
            like,
            persons,
            runs_,
            now,
            one.due.tolist(),
            None if message.purpose == TRANSACTIONAL else (one.due + late).tolist(),
            [{**message.values, **known.given.get(n, {})} for n in one.rows.tolist()]
            if template and any(known.given.values())
            else None,
        )
        return 0

    def _tell(
        self, tx: Tx, batch: Batch, one: Done, happening: Happening, keys: Mapping[int, str], now: Micros
    ) -> None:
        props = msgspec.json.encode(happening.props).decode()
        known = [n for n in one.rows.tolist() if int(batch.persons[n]) in keys]
        if not known:
            return
        rows = [
            {
                "id": blake2b(f"journey:{batch.runs[n]}:{one.node}".encode(), digest_size=16).digest(),
                "key": keys[int(batch.persons[n])],
                "account": None,
                "ts": now,
                "name": happening.name,
                "revenue": None,
                "props": props,
                "also": None,
            }
            for n in known
        ]
        # A no that waits in the inbox counts before it is loaded, by how it is called.
        kind = WAITING if happening.name == EVENT else ""
        key = f"{kind}journey:{batch.version}:{one.node}:{batch.runs[known[0]]}"
        inbox.put_with(tx, Parcel(key, SOURCE, False, pa.Table.from_pylist(rows, schema=PARCEL)), now)

    def _task(self, tx: Tx, batch: Batch, one: Done, task: Task, now: Micros) -> None:
        key = f"journey:{batch.version}:{one.node}:{batch.runs[one.rows[0]]}"
        rows = [
            {
                "node": int(batch.persons[n]),
                "task": True,
                "text": task.text,
                "due": int(at) + task.due,
                "assignee": task.assignee,
                "batch": key,
            }
            for n, at in zip(one.rows.tolist(), one.at.tolist(), strict=True)
        ]
        notes.write_with(tx, rows, batch.plan.journey.title, now)


def _rows(done: Sequence[Done], kind: type[Message | Happening]) -> Ints:
    """The places of the runs to which a deed of this kind is to be done."""
    found = [one.rows for one in done if isinstance(one.deed, kind)]
    return np.unique(np.concatenate(found)) if found else np.empty(0, np.int64)
