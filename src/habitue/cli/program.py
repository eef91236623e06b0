"""From the words on the command line to an exit status: 0 done, 2 a mistake to mend, 1 a defect of ours,
130 stopped by Ctrl-C."""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import Final

import typer
from typer.exceptions import TyperException

from habitue.cli import crash, voice
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_, Translator

WRONG: Final = 2
BROKEN: Final = 1
STOPPED: Final = 128 + signal.SIGINT


def run(words: Sequence[str]) -> int:
    """Do what the words say and give the exit status; whatever happens, nobody sees a traceback."""
    _opened()
    language = voice.chosen(words, os.environ)
    stopped = _stop()
    try:
        return _flushed(_obeyed(words, voice.speaker(language)))
    except BrokenPipeError:
        return _unheard()
    except KeyboardInterrupt:
        return _interrupted(words, voice.speaker(language))
    except TyperException as error:
        say = voice.speaker(language)
        return _wrong(voice.usage(error, say), say)
    except UserError as error:
        say = voice.speaker(language)
        return _interrupted(words, say) if stopped else _wrong(error.say(say), say)
    except OSError as error:
        say = voice.speaker(language)
        return _wrong(_refused(error, say), say)
    except Exception as error:  # noqa: BLE001  the last net: a defect is reported in one line and a file
        if stopped:
            return _interrupted(words, voice.speaker(language))
        return _defect(error, voice.speaker(language))


def _interrupted(words: Sequence[str], say: Translator) -> int:
    """Quietly, except that whoever stops an import wants to know what becomes of it."""
    if words[:1] == ["import"] and "--dry-run" not in words:
        text = N_("Stopped. Run the same import again: it goes on where it was, and nothing counts twice.")
        print(say(text), file=sys.stderr)
    return STOPPED


def _stop() -> list[int]:
    """Note every Ctrl-C: a library that is interrupted may raise an error of its own in its place."""
    heard: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        heard.append(number)
        signal.default_int_handler(number, frame)

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, note)
    return heard


def _opened() -> None:
    """Make standard output and error take any letter: what a terminal can't show becomes a question mark."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by the caller: `habitue … >&-`
            setattr(sys, name, open(os.devnull, "w"))  # noqa: PTH123, SIM115  stays open
        getattr(sys, name).reconfigure(errors="replace")


def _obeyed(words: Sequence[str], say: Translator) -> int:
    """Parse and perform. The verbs are loaded here, so that Ctrl-C is quiet from the start."""
    from habitue.cli.verbs import app  # noqa: PLC0415  see above

    command = typer.main.get_command(app)
    voice.localise(command, say)
    try:
        with command.make_context("habitue", list(words)) as context:
            command.invoke(context)
    except typer.Exit as end:
        return end.exit_code
    return 0


def _flushed(status: int) -> int:
    """What is still in the buffer may meet a full disk or a closed pipe: better here than at exit."""
    sys.stdout.flush()
    return status


def _unheard() -> int:
    """The reader has closed the pipe: it has all it wanted. Python's last flush must not complain either."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


_FORBIDDEN: Final = N_(
    "{file}: this user may not read or write it. "
    "Give the right to, such as with chmod, or choose another place."
)
_NO_FOLDER: Final = N_("{file} is a file, and a directory is needed.")
_REFUSED: Final = {
    errno.ENOENT: N_("{file}: there is no such file or directory."),
    errno.EACCES: _FORBIDDEN,
    errno.EPERM: _FORBIDDEN,
    errno.EROFS: _FORBIDDEN,
    errno.EEXIST: _NO_FOLDER,
    errno.ENOTDIR: _NO_FOLDER,
    errno.EISDIR: N_("{file} is a directory, and a file is needed."),
}


def _refused(error: OSError, say: Translator) -> str:
    """Why the system refuses a file, and what to do; in the system's words where that is a rare reason."""
    if error.errno == errno.ENOSPC:
        return say(N_("The disk is full. Free some space and try again."))
    reason = error.strerror or str(error)
    if not error.filename:
        return reason
    file = os.fsdecode(error.filename)
    return say(_REFUSED.get(error.errno or 0, "{file}: {reason}"), file=file, reason=reason)


def _wrong(message: str, say: Translator) -> int:
    print(say(N_("habitue: {message}"), message=message), file=sys.stderr)
    return WRONG


def _defect(error: Exception, say: Translator) -> int:
    if os.environ.get("HABITUE_DEBUG"):
        raise error
    path = crash.report(error)
    message = say(
        N_("habitue has a defect ({kind}). What happened is written in {path}; please report it."),
        kind=type(error).__name__,
        path=path,
    )
    print(message, file=sys.stderr)
    return BROKEN
