"""What a walk wants done, done: in the transaction that brings its runs forward, so that it is done once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Final, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa

from habitue.engine.sweep import Ints
from habitue.ingest import inbox
from habitue.ingest.inbox import Parcel
from habitue.journeys.plan import Plan
from habitue.journeys.roles import Expel, Happening, Message, Task
from habitue.journeys.walk import STOPPED, Done
from habitue.kernel.clock import Micros, duration
from habitue.messaging import outbox
from habitue.messaging.outbox import Wanted
from habitue.messaging.rules import TRANSACTIONAL
from habitue.store import notes, runs
from habitue.store.log import PARCEL
from habitue.store.ops import Tx
from habitue.store.warehouse import Warehouse

SOURCE: Final = "habitue"
UNSENT: Final = "unsent"
"""What is noted of messages whose template isn't there."""

Templates = Callable[[str], int | None]
"""The number of the version of a template that is live, by its name."""


class Batch(NamedTuple):
    """Runs that are walked together: of one plan, their ids and whose they are now."""

    plan: Plan
    version: int
    number: int
    runs: Ints
    persons: Ints

    @property
    def origin(self) -> str:
        """Who these messages are from."""
        return f"journey:{self.plan.journey.id}"


class Doer:
    """Does what is wanted; `keys` are read before, so that nobody waits for that."""

    def __init__(self, warehouse: Warehouse, templates: Templates) -> None:
        self.warehouse = warehouse
        self.templates = templates

    def keys(self, batch: Batch, done: Sequence[Done]) -> dict[int, str]:
        """Under which keys the log knows those to whom something is to happen."""
        rows = [one.rows for one in done if isinstance(one.deed, Happening)]
        if not rows:
            return {}
        own = pa.table({"person": np.unique(batch.persons[np.concatenate(rows)]).astype(np.int32)})
        found = self.warehouse.read(
            "SELECT person, key FROM person SEMI JOIN own_persons USING (person)", own_persons=own
        )
        return dict(zip(found["person"].to_pylist(), found["key"].to_pylist(), strict=True))

    def do(self, tx: Tx, batch: Batch, one: Done, keys: dict[int, str], now: Micros) -> int:
        """Do it for all of them; for how many it could not be done."""
        match one.deed:
            case Message() as message:
                return self._send(tx, batch, one, message, now)
            case Happening() as happening:
                self._tell(tx, batch, one, happening, keys, now)
            case Task() as task:
                self._task(tx, batch, one, task, now)
            case Expel(slug):
                gone = runs.stop(tx, slug, batch.persons[one.rows].tolist(), now, STOPPED)
                outbox.cancel(tx, f"journey:{slug}", [str(run) for run in gone], now=now)
        return 0

    def _send(self, tx: Tx, batch: Batch, one: Done, message: Message, now: Micros) -> int:
        template = self.templates(message.template) if message.template else 0
        if template is None or not len(one.rows):
            return len(one.rows)
        late = duration(batch.plan.journey.head.late)
        like = Wanted(
            origin=batch.origin,
            step=f"v{batch.number}:{batch.plan.nodes[one.node].step.id}",
            run="-",
            person=0,
            channel=message.channel,
            purpose=message.purpose,
            template=template,
            language=message.language,
            values=message.values,
            priority=batch.plan.journey.head.priority,
            due=now,
        )
        outbox.put_many(
            tx,
            like,
            batch.persons[one.rows].tolist(),
            [str(run) for run in batch.runs[one.rows].tolist()],
            now,
            one.due.tolist(),
            None if message.purpose == TRANSACTIONAL else (one.due + late).tolist(),
        )
        return 0

    def _tell(
        self, tx: Tx, batch: Batch, one: Done, happening: Happening, keys: dict[int, str], now: Micros
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
        key = f"journey:{batch.version}:{one.node}:{batch.runs[known[0]]}"
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
