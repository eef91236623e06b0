"""Numbers of things in addresses; those in forms are `kernel.number.Number`."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from litestar.params import PathParameter, QueryParameter

from habitue.kernel.number import MOST

InPath: TypeAlias = Annotated[int, PathParameter(ge=0, le=MOST)]
InQuery: TypeAlias = Annotated[int | None, QueryParameter(ge=0, le=MOST)]
