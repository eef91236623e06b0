"""Who is who, as people decide it: two keys merged or split, which reaches the log like all that happens."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from typing import Final, Literal, TypeAlias

import msgspec
import pyarrow as pa

from habitue.app.workspace import Workspace
from habitue.ingest.inbox import Parcel
from habitue.kernel.clock import Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.people import identities
from habitue.store.log import PARCEL

SOURCE: Final = "habitue"

Rule: TypeAlias = Callable[[Workspace, str, str, str, str, Micros], Parcel]
"""From two keys, who decides, why and when, to what is put into the inbox."""


def merging(shop: Workspace, one: str, other: str, by: str, why: str, now: Micros) -> Parcel:
    """What makes one customer of two; raises `UserError` where they are one already."""
    (first, key), (second, beside) = shop.named(one), shop.named(other)
    if first == second:
        raise UserError(N_("“{one}” and “{other}” are one customer already."), one=one, other=other)
    return ruling("merge", key, beside, by, why, now)


def splitting(shop: Workspace, one: str, other: str, by: str, why: str, now: Micros) -> Parcel:
    """What takes two keys apart; raises `UserError` where nothing joins the one to the other directly."""
    (first, key), (second, beside) = shop.named(one), shop.named(other)
    if first != second:
        raise UserError(N_("“{one}” and “{other}” are two customers already."), one=one, other=other)
    near = identities.identities(shop.warehouse, first).beside(key)
    if beside not in near:
        raise UserError(
            N_("“{one}” and “{other}” are one customer only through others. Split “{one}” from: {keys}."),
            one=one,
            other=other,
            keys=", ".join(near),
        )
    return ruling("split", key, beside, by, why, now)


def ruling(act: Literal["merge", "split"], one: str, other: str, by: str, why: str, now: Micros) -> Parcel:
    """What somebody decided about two keys, to be put into the inbox; raises `UserError` without a reason."""
    if not why.strip():
        raise UserError(N_("Say why: whoever looks at this customer later will want to know."))
    name = f"{SOURCE}:{act}:{one}:{other}:{now}"
    row = {
        "id": blake2b(name.encode(), digest_size=16).digest(),
        "key": one,
        "account": None,
        "ts": now,
        "name": f"${act}",
        "revenue": None,
        "props": msgspec.json.encode({"by": by, "why": why}).decode(),
        "also": [other],
    }
    return Parcel(name, SOURCE, True, pa.Table.from_pylist([row], schema=PARCEL))
