"""What every verb stands on: which workspace, in which language and form, and who does the work."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from inspect import Parameter, signature
from pathlib import Path
from typing import Annotated, Any, Final, Protocol

import typer

from habitue.api.answer import Answer, Facts, House, Sheet
from habitue.api.command import Command, Told
from habitue.cli import progress, voice
from habitue.cli.paper import Form, Paper
from habitue.cli.remote import Remote
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import LANGUAGES, N_, Language, Translator, translator
from habitue.store.lock import Busy, Lock

MARK: Final = "habitue.toml"
"""The file that makes a directory a workspace."""

COMMON: Final[dict[str, Any]] = {
    "data": Annotated[
        Path | None,
        typer.Option(
            "--data",
            metavar="DIR",
            readable=False,
            envvar="HABITUE_DATA",
            help=N_("The workspace’s directory; this one if not said."),
        ),
    ],
    "language": Annotated[
        str | None,
        typer.Option(
            "--language", metavar="en|fr", help=N_("Speak English or French; as the system does if not said.")
        ),
    ],
    "as_json": Annotated[bool, typer.Option("--json", help=N_("Answer in JSON, times in UTC."))],
    "as_csv": Annotated[
        bool, typer.Option("--csv", help=N_("Answer in CSV, times in UTC; no cell runs as a formula."))
    ],
}
"""The options that every verb has."""


class Worker(Protocol):
    """Who carries out commands: the shop opened here, or the server that has it open."""

    house: House

    def ask(self, command: Command, told: Told | None) -> Answer: ...


class Desk:
    """One run of a verb."""

    def __init__(self, data: Path | None, language: str | None, form: Form) -> None:
        self.data, self.form = data, form
        self.language = _spoken(language)

    @property
    def say(self) -> Translator:
        """Whoever speaks: what was asked for, else the workspace's language, else English."""
        return voice.speaker(self.language)

    @property
    def folder(self) -> Path:
        """The workspace; raises `UserError` where there is none."""
        folder = self.data or Path()
        if self.workspace(folder):
            return folder
        if folder != Path():
            raise UserError(
                N_("{folder} is not a workspace. Make it one with: habitue init {folder}"), folder=folder
            )
        raise UserError(
            N_(
                "There is no workspace here. Make one with “habitue init DIR”, "
                "or name it with --data DIR or HABITUE_DATA."
            )
        )

    @staticmethod
    def workspace(folder: Path) -> bool:
        """Whether the directory is a workspace."""
        return (folder / MARK).is_file()

    def table(self) -> None:
        """Answer in CSV where nothing else was asked for: what is long is read by programs."""
        self.form = "csv" if self.form == "table" else self.form

    def do(self, command: Command) -> None:
        """Carry out the command and print its answer; what tells of something to mend ends with status 2."""
        with self.worker() as worker:
            with progress.shown(self.say) as told:
                answer = worker.ask(command, told)
            self.print(answer, worker.house)
        if isinstance(answer, Sheet) and answer.wrong:
            raise typer.Exit(2)

    def print(self, answer: Answer, house: House) -> None:
        unsaid = answer.unsaid if isinstance(answer, Facts) and self.form == "csv" else []
        for note in (*answer.notes, *unsaid):
            print(note, file=sys.stderr)
        paper = Paper(self.form, translator(house.language), house.timezone, house.currency)
        if isinstance(answer, Facts):
            paper.facts(answer)
        else:
            paper.sheet(answer)

    @contextmanager
    def worker(self) -> Iterator[Worker]:
        """The shop opened here or, where a server has it open, that server."""
        folder = self.folder
        try:
            lock = Lock.take(folder)
        except Busy as busy:
            if busy.owner.url is None or busy.owner.token is None:
                raise
            with Remote(busy.owner.url, busy.owner.token, self.language) as remote:
                yield remote
            return
        # The engine takes a second or two to load; asking a server does without.
        # It is ours from here on, or another who comes in that time would be first.
        from habitue.cli.local import Local  # noqa: PLC0415  see above

        with Local(folder, self.language, lock) as local:
            yield local


def verb(
    app: typer.Typer, name: str | None = None, *, homeless: bool = False, **settings: Any
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a function `f(desk, …)` a verb of the app: its own options come before the common ones.

    `homeless`: it stands in no workspace, so there is none to name.
    """

    def made(function: Callable[..., None]) -> Callable[..., None]:
        @wraps(function)
        def run(
            language: str | None, as_json: bool, as_csv: bool, data: Path | None = None, **own: Any
        ) -> None:
            if as_json and as_csv:
                raise UserError(N_("Choose one of --json and --csv."))
            form: Form = "json" if as_json else "csv" if as_csv else "table"
            function(Desk(data, language, form), **own)

        plan = signature(function, eval_str=True)
        own = list(plan.parameters.values())[1:]
        common = [
            Parameter(
                name,
                Parameter.KEYWORD_ONLY,
                default=False if name.startswith("as_") else None,
                annotation=kind,
            )
            for name, kind in COMMON.items()
            if not (homeless and name == "data")
        ]
        run.__signature__ = plan.replace(parameters=[*own, *common])  # type: ignore[attr-defined]  # typer reads it there
        run.__annotations__ = {one.name: one.annotation for one in (*own, *common)}
        return app.command(name, **settings)(run)

    return made


def _spoken(asked: str | None) -> Language | None:
    """The language asked for, else the system's, else None: the workspace's own."""
    if asked is not None and asked not in LANGUAGES:
        raise UserError(N_("“{language}” is not spoken here. Choose en or fr."), language=asked)
    return voice.chosen([f"--language={asked}"] if asked else [], os.environ)
