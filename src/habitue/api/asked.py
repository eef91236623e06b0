"""How the API is asked: what every address answers on failure, and the parameters that several share."""

from __future__ import annotations

import hmac
from functools import partial
from typing import Annotated, Any, Final, TypeAlias

from litestar import Request, get
from litestar.datastructures import State
from litestar.exceptions import NotAuthorizedException
from litestar.openapi import ResponseSpec
from litestar.params import QueryParameter

from habitue.api.shapes import Failure
from habitue.app import Shop
from habitue.kernel.i18n import N_
from habitue.stages.models import Model

_FAILURES: Final = {
    400: ResponseSpec(Failure, description="What is wrong with the request."),
    404: ResponseSpec(Failure, description="There is no such thing."),
}

read = partial(get, sync_to_thread=True, responses=_FAILURES)
"""An address that is read: `@read("/path")`."""

ModelId: TypeAlias = Annotated[
    str | None,
    QueryParameter(name="model", max_length=100, description="A model's id; the first live one if not said."),
]
Month: TypeAlias = Annotated[
    str | None,
    QueryParameter(name="month", max_length=10, description="A month such as 2026-11; this one if not said."),
]
Against: TypeAlias = Annotated[
    str | None,
    QueryParameter(
        name="against", max_length=10, description="The month to compare with; the one before if not said."
    ),
]
At: TypeAlias = Annotated[
    str | None,
    QueryParameter(
        name="at", max_length=40, description="A month (its end), a date or an instant; now if not said."
    ),
]
RuleText: TypeAlias = Annotated[
    str,
    QueryParameter(name="rule", description='A rule, such as ever("Order Completed").'),
]
Size: TypeAlias = Annotated[int, QueryParameter(name="size", ge=1, le=1_000, description="How many at most.")]


def chosen(shop: Shop, model: str | None) -> Model:
    """The model asked for, or the first live one; raises `UserError` for one that is none."""
    return shop.model(model) if model else shop.models()[0]


def owned(request: Request[Any, Any, State]) -> None:
    """Raise `NotAuthorizedException` for whoever may not read the workspace's directory."""
    token, given = request.app.state.token, request.headers.get("authorization", "")
    if not token or not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        raise NotAuthorizedException(
            N_("The token of the running server is needed; it stands in the file “lock”.")
        )
