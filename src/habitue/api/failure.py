"""What the API answers when it can't do what was asked."""

from __future__ import annotations

import logging
from typing import Final

from litestar import Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException

from habitue.api.shapes import Failure, Problem
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_, Translator
from habitue.rules.problem import RuleError
from habitue.store.failure import StoreDown
from habitue.team.members import Forbidden

_SAID: Final = {
    404: N_("There is nothing at this address. The addresses are listed in /api/v1/openapi.json."),
    405: N_("This address can't be asked that way. What can be asked stands in /api/v1/openapi.json."),
    500: N_(
        "Something went wrong. It is our mistake, not yours, and nothing was lost. "
        "The server's log tells more."
    ),
}

AGAIN: Final = 5
"""Seconds after which what a store was down for may be asked again."""

log = logging.getLogger(__name__)


def show(request: Request[None, None, State], say: Translator, error: Exception) -> Response[Failure]:
    """The failure as JSON; an unforeseen one goes to the log, never into the answer."""
    status = _status(error)
    if status == 500:
        log.error("%s failed", request.url.path, exc_info=error)
    headers = error.headers if isinstance(error, HTTPException) else None
    if status == 503:
        headers = {"retry-after": str(AGAIN)}
    return Response(
        Failure(status, _message(error, status, say), _problems(error, say)),
        status_code=status,
        headers=headers,
    )


def _status(error: Exception) -> int:
    if isinstance(error, StoreDown):
        return 503
    if isinstance(error, Forbidden):
        return 403
    if isinstance(error, UserError):
        return 400
    return error.status_code if isinstance(error, HTTPException) else 500


def _message(error: Exception, status: int, say: Translator) -> str:
    if isinstance(error, UserError):
        return error.say(say)
    if status in _SAID:
        return say(_SAID[status])
    extra = getattr(error, "extra", None)
    told = (
        [f"{one.get('key')}: {one.get('message')}" for one in extra if isinstance(one, dict)]
        if isinstance(extra, list)
        else []
    )
    return "; ".join(told) or say(getattr(error, "detail", _SAID[500]))


def _problems(error: Exception, say: Translator) -> list[Problem]:
    if not isinstance(error, RuleError):
        return []
    return [Problem(problem.column, problem.length, problem.say(say)) for problem in error.problems]
