"""In which language the command line speaks, and how it makes the option parser speak it too."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Any, Final

from typer import rich_utils
from typer.exceptions import TyperException

from habitue.kernel.i18n import LANGUAGES, N_, Language, Translator, choose, translator

TITLES: Final = {
    "ARGUMENTS_PANEL_TITLE": N_("Arguments"),
    "OPTIONS_PANEL_TITLE": N_("Options"),
    "COMMANDS_PANEL_TITLE": N_("Commands"),
    "DEFAULT_STRING": N_("[default: {}]"),
    "ENVVAR_STRING": N_("[env var: {}]"),
    "REQUIRED_LONG_STRING": N_("[required]"),
}
"""What the help page calls its parts, by the parser's own names for them."""

PLACES: Final = {
    "ADDRESS": N_("ADDRESS"),
    "ANSWER": N_("ANSWER"),
    "COLUMN": N_("COLUMN"),
    "CUSTOMER": N_("CUSTOMER"),
    "DIR": N_("DIR"),
    "DURATION": N_("DURATION"),
    "EVENT": N_("EVENT"),
    "FIELD": N_("FIELD"),
    "FILE": N_("FILE"),
    "KEY": N_("KEY"),
    "MODEL": N_("MODEL"),
    "NAME": N_("NAME"),
    "NUMBER": N_("NUMBER"),
    "RULE": N_("RULE"),
    "TEXT": N_("TEXT"),
    "WHEN": N_("WHEN"),
    "WHY": N_("WHY"),
}
"""What stands for a value on the help page; others, such as ISO, are the same in both languages."""

_PLACE: Final = re.compile(r"\b[A-Z]{3,}\b")
HELP: Final = N_("Show this message and exit.")
_ASKED: Final = SimpleNamespace(help_option_names=("--help",))
_EXTRA: Final = re.compile(r"extra argument\(s\) \((.*)\)")


house: Final[ContextVar[Language | None]] = ContextVar("house", default=None)
"""The language of the workspace at hand, once it is open: spoken where nobody asks for another."""


def speaker(asked: Language | None) -> Translator:
    """Who speaks: the language asked for, else the workspace's, else English."""
    return translator(asked or house.get() or "en")


def chosen(words: Sequence[str], environ: Mapping[str, str]) -> Language | None:
    """The language asked for by `--language`, else by the locale; None where neither says anything."""
    for position, word in enumerate(words):
        option, _, value = word.partition("=")
        if option == "--language":
            value = value or (words[position + 1] if position + 1 < len(words) else "")
            return next((one for one in LANGUAGES if one == value), None)
        if word == "--":
            break
    locale = next((environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environ.get(name)), "")
    return None if locale.split(".")[0] in ("", "C", "POSIX") else choose(locale)


def localise(command: Any, say: Translator) -> None:
    """Translate the help of a command, its options and its verbs, and the help page's own words."""
    for name, title in TITLES.items():
        setattr(rich_utils, name, say(title))
    command.help = command.help and say(command.help)
    command.options_metavar = say(N_("[OPTIONS]"))
    usage = command.get_usage
    command.get_usage = lambda context: usage(context).replace("Usage: ", say(N_("Usage: ")), 1)
    for option in (*command.params, command.get_help_option(_ASKED)):
        option.help = option.help and say(option.help)
        option.metavar = option.metavar and _PLACE.sub(
            lambda word: say(PLACES.get(word[0], word[0])), option.metavar
        )
    if hasattr(command, "commands"):
        command.subcommand_metavar = say(N_("VERB …"))
        for verb in command.commands.values():
            localise(verb, say)


def usage(error: TyperException, say: Translator) -> str:
    """A mistake in the words themselves, and where to read how they go."""
    context = getattr(error, "ctx", None)
    verb = context.command_path if context else "habitue"
    return say(N_("{mistake} See “{verb} --help”."), mistake=_mistake(error, say), verb=verb)


def _mistake(error: TyperException, say: Translator) -> str:
    match type(error).__name__:
        case "NoSuchOption":
            return _no_option(error, say)
        case "MissingParameter":
            return say(N_("{name} is missing."), name=_name(error))
        case "BadOptionUsage":
            return say(N_("{name} needs a value."), name=error.option_name)  # type: ignore[attr-defined]  # this error has one
        case "BadParameter":
            return say(N_("{name} can’t be that: {reason}."), name=_name(error), reason=_reason(error, say))
    return _unknown(error.format_message(), say)


def _unknown(message: str, say: Translator) -> str:
    if found := _EXTRA.search(message):
        return say(N_("These words are too many: {words}. What holds spaces needs quotes."), words=found[1])
    return message


def _reason(error: Any, say: Translator) -> str:
    """Why a value is none, by what the parser's own checks call it."""
    first: Any = error.__cause__.errors()[0] if hasattr(error.__cause__, "errors") else {"type": ""}
    match first["type"]:
        case "greater_than_equal":
            return say(N_("the least is {n}"), n=first["ctx"]["ge"])
        case "less_than_equal":
            return say(N_("the most is {n}"), n=first["ctx"]["le"])
        case "int_parsing":
            return say(N_("it is no whole number"))
    return str(error.message).rstrip(".")


def _no_option(error: Any, say: Translator) -> str:
    if error.possibilities:
        near = ", ".join(error.possibilities)
        return say(N_("There is no option {name}; did you mean {near}?"), name=error.option_name, near=near)
    return say(N_("There is no option {name}."), name=error.option_name)


def _name(error: Any) -> str:
    return str(error.param.get_error_hint()).strip("'") if error.param else "?"
