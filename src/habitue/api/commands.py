"""The command line's door into a running server: `POST /api/v1/commands/{name}`.

It takes the server's token, which is made anew by each `habitue serve` and stands in the workspace's lock
file, which only its owner may read: who can read the directory may command it, nobody else. The answer is one
JSON object a line (`api.answer.Line`): steps while it works, then facts or a sheet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from queue import Full, Queue
from threading import Event, Thread
from typing import Any, Final

import msgspec
from litestar import Request, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException, ValidationException
from litestar.params import FromPath, RawBody
from litestar.response import Stream

import habitue.api.alerting
import habitue.api.arriving
import habitue.api.broadcasting
import habitue.api.calls
import habitue.api.channelling
import habitue.api.consenting
import habitue.api.couponing
import habitue.api.deeds
import habitue.api.definitions
import habitue.api.doing
import habitue.api.duplicating
import habitue.api.identities
import habitue.api.journeying
import habitue.api.mailing
import habitue.api.outcome
import habitue.api.people
import habitue.api.privacy
import habitue.api.selling
import habitue.api.teaming
import habitue.api.templating
import habitue.api.undoing  # noqa: F401  their commands are known once they are loaded
from habitue.api.answer import Answer, End, Facts, Fault, Head, House, Line, Rows, Sheet, Step
from habitue.api.command import Command
from habitue.api.perform import Asked, perform
from habitue.app import Shop
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import Language, choose, translator

COMMANDS: Final[dict[str, type[Command]]] = {kind.name(): kind for kind in Command.__subclasses__()}
AT_ONCE: Final = 1000
AHEAD: Final = 16
"""Lines that may wait for a slow reader before the work waits too."""


@post("/commands/{name:str}", status_code=200, include_in_schema=False, sync_to_thread=False)
def take(
    request: Request[Any, Any, State], shop: NamedDependency[Shop], name: FromPath[str], body: RawBody
) -> Stream:
    """The door."""
    if name not in COMMANDS:
        raise NotFoundException
    try:
        command = msgspec.json.decode(body, type=COMMANDS[name])
    except msgspec.MsgspecError as error:
        raise ValidationException(str(error)) from error
    accepted = request.headers.get("accept-language")
    language = choose(accepted) if accepted else shop.settings.language
    return Stream(_lines(shop, command, language), media_type="application/x-ndjson")


def _lines(shop: Shop, command: Command, language: Language) -> Iterator[bytes]:
    """The answer's lines, made in a thread of their own; when the reader leaves, the work goes on unheard."""
    waiting: Queue[Line | None] = Queue(AHEAD)
    gone = Event()

    def tell(line: Line | None) -> None:
        while not gone.is_set():
            try:
                waiting.put(line, timeout=1)
            except Full:
                continue
            return

    Thread(target=_work, args=(shop, command, language, tell), daemon=True).start()
    try:
        while line := waiting.get():
            yield msgspec.json.encode(line) + b"\n"
    finally:
        gone.set()


def _work(shop: Shop, command: Command, language: Language, tell: Callable[[Line | None], None]) -> None:
    try:
        tell(House(language, shop.settings.timezone, shop.settings.currency))
        _answered(perform(command, Asked(shop, language, lambda *step: tell(Step(*step)))), tell)
    except UserError as error:
        tell(Fault(error.say(translator(language))))
    finally:
        tell(None)


def _answered(answer: Answer, tell: Callable[[Line | None], None]) -> None:
    if isinstance(answer, Facts):
        tell(answer)
        return
    tell(Head(answer.columns, answer.notes, answer.wrong))
    for rows in _batches(answer):
        tell(Rows(rows))
    tell(End())


def _batches(sheet: Sheet) -> Iterator[list[Any]]:
    rows = iter(sheet.rows)
    while batch := [list(row) for row in islice(rows, AT_ONCE)]:
        yield batch
