"""A workspace that a server has open: the same commands, sent to it."""

from __future__ import annotations

from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException, HTTPResponse
from urllib.parse import urlsplit

import msgspec

from habitue.api.answer import Answer, Cell, End, Facts, Fault, Head, House, Line, Rows, Sheet, Step
from habitue.api.command import Command, Told
from habitue.cli import voice
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_, Language

_line = msgspec.json.Decoder(Line)


class Remote:
    """The shop behind `url`; `token` is what the server left in the workspace's lock for us."""

    def __init__(self, url: str, token: str, language: Language | None) -> None:
        self.url, self.token, self.language = url, token, language
        address = urlsplit(url)
        self.connection = HTTPConnection(address.hostname or "127.0.0.1", address.port)
        self.house: House

    def __enter__(self) -> Remote:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def ask(self, command: Command, told: Told | None) -> Answer:
        """The server's answer; the rows of a sheet are read from the connection as they are needed."""
        lines = self._lines(self._response(command))
        for line in lines:
            match line:
                case House():
                    self.house = line
                    voice.house.set(line.language)
                case Step():
                    if told:
                        told(line.name, line.done, line.total)
                case Head():
                    return Sheet(line.columns, self._rows(lines), line.notes, line.wrong)
                case Facts():
                    return line
        raise self._cut()

    def _response(self, command: Command) -> HTTPResponse:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        if self.language:
            headers["Accept-Language"] = self.language
        try:
            path = f"/api/v1/commands/{command.name()}"
            self.connection.request("POST", path, msgspec.json.encode(command), headers)
            response = self.connection.getresponse()
        except (OSError, HTTPException) as error:
            raise self._cut() from error
        if response.status != 200:
            response.close()
            raise UserError(
                N_("The server at {url} refused the command ({status} {reason})."),
                url=self.url,
                status=response.status,
                reason=response.reason,
            )
        return response

    def _lines(self, response: HTTPResponse) -> Iterator[Line]:
        try:
            with response:  # where the server closes, the connection has left its socket to the response
                while text := response.readline():
                    line = _line.decode(text)
                    if isinstance(line, Fault):
                        raise UserError("{message}", message=line.message)
                    yield line
        except (OSError, HTTPException, msgspec.DecodeError) as error:
            raise self._cut() from error

    def _rows(self, lines: Iterator[Line]) -> Iterator[list[Cell]]:
        for line in lines:
            if isinstance(line, End):
                return
            if isinstance(line, Rows):
                yield from line.rows
        raise self._cut()

    def _cut(self) -> UserError:
        return UserError(
            N_("The server at {url} stopped before it had answered. What it had accepted is kept."),
            url=self.url,
        )
