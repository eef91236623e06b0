"""A parameter that an address doesn't know is a mistake, and none to be passed over."""

from __future__ import annotations

import re
from typing import Any

from litestar import Request
from litestar.datastructures import State
from litestar.openapi.spec import Parameter

from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_


def known(request: Request[Any, Any, State]) -> None:
    """Raises `UserError` for a query parameter that the address does not have; `lang` fits everywhere."""
    names = _names(request)
    if names is None:
        return
    for name in request.query_params:
        if name not in names and name != "lang":
            text = N_("There is no parameter “{name}” here. There are: {known}.")
            raise UserError(text, name=name, known=", ".join([*names, "lang"]))


def _names(request: Request[Any, Any, State]) -> list[str] | None:
    """The parameters in the API's own document; None for an address that is not in it."""
    path = re.sub(r":\w+}", "}", request.scope["path_template"])
    item = (request.app.openapi_schema.paths or {}).get(path)
    operation = getattr(item, request.method.lower(), None)
    if operation is None:
        return None
    found = [one for one in operation.parameters or () if isinstance(one, Parameter)]
    return [one.name for one in found if one.param_in == "query"]
