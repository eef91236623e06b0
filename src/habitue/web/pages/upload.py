"""`POST /data/import`: a file comes in, piece by piece, straight into its place on the disk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.exceptions import ClientException
from litestar.response import Redirect
from multipart import (  # type: ignore[import-untyped]  # it has no types
    MultipartError,
    MultipartSegment,
    PushMultipartParser,
    parse_options_header,
)

from habitue.app import Shop
from habitue.app.loads import Loads
from habitue.app.uploads import Incoming, Upload
from habitue.kernel import clock
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.web.page import Asked
from habitue.web.pages import importing

PATIENT: Final = "habitue.patient"
"""The server's extension by which a long body is given its time, as long as it goes on."""

PIECE: Final = 1 << 20

_NONE: Final = N_("Choose a file first.")


@post("/data/import", status_code=303, request_max_body_size=None)
async def receive(
    request: Asked, shop: NamedDependency[Shop], loads: NamedDependency[Loads]
) -> Response[Any]:
    """Take a file, and lead to what it holds."""
    try:
        made = await _received(request, loads)
    except UserError as error:
        return await asyncio.to_thread(importing.asked, request, shop, loads, error)
    return Redirect(f"/data/import/{made.id}", status_code=303)


async def _received(request: Asked, loads: Loads) -> Upload:
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != "multipart/form-data" or not options.get("boundary"):
        raise UserError(_NONE)
    extensions: dict[str, Any] = request.scope.get("extensions") or {}
    patient: Callable[[], None] = extensions.get(PATIENT, {}).get("wait", lambda: None)
    try:
        with PushMultipartParser(options["boundary"], request.content_length or -1) as parser:
            return await _stored(_segments(request, parser, patient), loads, request.content_length or 0)
    except MultipartError as error:
        raise ClientException from error


async def _segments(
    request: Asked, parser: PushMultipartParser, patient: Callable[[], None]
) -> AsyncIterator[MultipartSegment | bytearray | None]:
    async for piece in request.stream():
        patient()
        if piece:
            for one in parser.parse(piece):
                yield one


async def _stored(
    parts: AsyncIterator[MultipartSegment | bytearray | None], loads: Loads, size: int
) -> Upload:
    """The first file of the form; its bytes are written aside, lest others wait for the disk."""
    async for part in parts:
        if isinstance(part, MultipartSegment) and part.filename:
            place = await asyncio.to_thread(loads.uploads.receive, part.filename, size, clock.now())
            with place:
                made = place.arrived(await _written(parts, place))
            async for _ in parts:  # what else the form holds is nothing to us
                pass
            return made
    raise UserError(_NONE)


async def _written(parts: AsyncIterator[MultipartSegment | bytearray | None], place: Incoming) -> bool:
    """Write the file's own bytes; whether its end was seen."""
    held = bytearray()
    async for part in parts:
        if isinstance(part, MultipartSegment):
            break
        if part is None:
            await asyncio.to_thread(place.write, bytes(held))
            return True
        held += part
        if len(held) >= PIECE:
            await asyncio.to_thread(place.write, bytes(held))
            held.clear()
    return False
