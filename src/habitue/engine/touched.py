"""Whom a refresh must fold: the people with new events, and whoever a definition ties to them."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pyarrow as pa

from habitue.engine.compile import Lifted, Long, Program, opposite
from habitue.engine.fold import Batch, some
from habitue.engine.gather import FEW, Ids, Read, Who, ids, those
from habitue.engine.plan import Subject
from habitue.engine.source import Query


class Touched:
    """People (ids, rising) who did something that no definition has folded yet.

    Their accounts are touched by a rule about accounts, their colleagues by one that looks at the
    account, and so on as far as the rule goes, also through the definitions that it refers to: those
    must be asked about first.
    """

    def __init__(self, people: Ids, read: Read) -> None:
        self.people = people
        self._read = read
        self._found: dict[int, Ids] = {}
        self._across: dict[tuple[Subject, bytes], Ids] = {}
        self._kept: dict[tuple[Subject, bytes], Who] = {}

    def by(self, version: int, program: Program) -> Ids:
        """The subjects to fold under this version of a definition, rising."""
        if version not in self._found:
            self._found[version] = self._tied(program)
        return self._found[version]

    def batches(self, subject: Subject, wanted: Ids) -> list[Batch]:
        """These subjects in batches; where one is enough, all definitions share what was fetched for it."""
        if 0 < len(wanted) <= FEW:
            return [lambda: self._few(subject, wanted)]
        return some(subject, wanted, self._read)

    def _tied(self, program: Program) -> Ids:
        found = [self.people if program.subject == "person" else self._other("account", self.people)]
        for source in program.sources:
            match source:
                case Query(stored=int(version)):
                    found.append(self._found[version])
                case Long(inner):
                    found.append(self._tied(inner))
                case Lifted(inner):
                    found.append(self._other(program.subject, self._tied(inner)))
        return reduce(np.union1d, found).astype(np.int32)

    def _other(self, subject: Subject, others: Ids) -> Ids:
        """The accounts of these people, or the people of these accounts."""
        key = subject, others.tobytes()
        if key not in self._across:
            self._across[key] = ids(
                self._read(
                    f"SELECT DISTINCT {subject} FROM event WHERE {subject} IS NOT NULL "
                    f"AND {opposite(subject)} IN (SELECT id FROM others) ORDER BY 1",
                    others=pa.table({"id": others}),
                )
            )
        return self._across[key]

    def _few(self, subject: Subject, wanted: Ids) -> Who:
        key = subject, wanted.tobytes()
        if key not in self._kept:
            self._kept[key] = those(subject, wanted, self._read)
        return self._kept[key]
