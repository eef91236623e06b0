"""A stage model from a file of the user's: `--model-file draft.toml`.

The file has the shape of those in `kinds/`, or names one of them and says what differs:

    kind = "chabry6"
    population = 'trait.country == "FR"'
    settings = { dormant = "120d" }
    scope = { where = 'props.category == "services"' }

All faults are told at once, each with its line and column where it has one.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.stages.kind import Badge, Kind, Parameter, Setting, Stage, kinds, known
from habitue.stages.models import Fault, Model, ModelError, Scope, faults


class Draft(Struct, frozen=True, forbid_unknown_fields=True):
    """What a file says beside a kind's own parts: the kind it starts from, and how it differs."""

    kind: str | None = None
    settings: dict[str, Setting] = {}
    scope: Scope | None = None
    population: str | None = None


def from_text(source: str, name: str | None = None) -> Model:
    """The model that a TOML text describes; raises `ModelError` with all its faults, from top to bottom.

    Its id is the `name` given, else its own, else empty: one that only says how it differs has none.
    """
    try:
        data = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        raise ModelError([_unreadable(source, str(error))]) from error
    head = {name: data.pop(name) for name in Draft.__struct_fields__ if name in data}
    if found := [*_misshapen(source, head, data)]:
        raise ModelError(found)
    draft = msgspec.convert(head, Draft)
    try:
        kind = _kind(draft.kind, data)
    except msgspec.ValidationError as error:
        raise ModelError([_misfit(error, "", 1)]) from error
    model = Model(name or str(data.get("id", "")), kind, draft.settings, draft.scope, draft.population)
    if found := faults(model):
        raise ModelError(
            sorted((_placed(source, fault) for fault in found), key=lambda f: (f.line, f.column))
        )
    return model


def to_text(model: Model) -> str:
    """The TOML that describes a model of a kind that ships; `from_text` reads it back the same."""
    if kinds().get(model.kind.id) != model.kind:
        text = N_("The model “{id}” is one of your own: change the file that it was published from.")
        raise UserError(text, id=model.id)
    lines = [f"id = {_toml(model.id)}", f"kind = {_toml(model.kind.id)}"]
    if model.population:
        lines.append(f"population = {_toml(model.population)}")
    tables = {"settings": dict(model.settings), "scope": msgspec.to_builtins(model.scope) or {}}
    for name, values in tables.items():
        if values:
            lines += ["", f"[{name}]", *(f"{key} = {_toml(value)}" for key, value in values.items())]
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    """A text, a number or a list of them: JSON writes these as TOML does."""
    return msgspec.json.encode(value).decode().replace("\x7f", "\\u007f")


def _kind(name: str | None, data: dict[str, Any]) -> Kind:
    """The shipped kind of that name, or the one that the file describes itself."""
    if name is None:
        return msgspec.convert(data, Kind)
    known(name, kinds(), N_("There is no stage model “{name}”. There are: {known}."))
    if strange := sorted(set(data) - {"id"}):
        text = N_(
            "“{names}” is fixed by the model that “kind” names. Leave it out, "
            "or leave out “kind” and write the whole model."
        )
        raise UserError(text, names=", ".join(strange))
    return kinds()[name]


# --- what is wrong, and where ---------------------------------------------------------------------

_LIKE: Final = (
    (re.compile(r"Object missing required field `(?P<name>.+?)`"), N_("“{name}” is missing.")),
    (re.compile(r"Object contains unknown field `(?P<name>.+?)`"), N_("“{name}” is not known here.")),
    (re.compile(r"Invalid (enum )?value '(?P<value>.*?)'"), N_("“{value}” is none of what may stand here.")),
    (re.compile(r"Expected `str( \| null)?`"), N_("Here goes a text in quotes.")),
    (re.compile(r"Expected `bool`"), N_("Here goes true or false.")),
    (re.compile(r"Expected `int \| float`"), N_("Here goes a number.")),
    (re.compile(r"Expected `int \| float \| str`"), N_("Here goes a number, or a text in quotes.")),
    (re.compile(r"Expected `array`"), N_("Here goes a list in square brackets.")),
    (re.compile(r"Expected `object( \| null)?`"), N_("Here goes a table of names and values.")),
)
"""What msgspec says, with what people are told: its names of types are not those of TOML."""

_SETTING: Final = N_(
    "The value of a parameter is set under [settings]: {name} = …. "
    "[parameters.{name}] is for a model of one’s own and says its type and default."
)


def _misshapen(source: str, head: dict[str, Any], data: dict[str, Any]) -> Iterator[Fault]:
    """The parts that are not of their shape: each is tried by itself, so that all are told."""
    parts: list[tuple[Any, Any, str, str, int]] = [(Draft, head, "", "", 0)]
    for name, shape in (("stages", Stage), ("badges", Badge)):
        listed = data.get(name, [])
        for n, part in enumerate(listed if isinstance(listed, list) else []):
            parts.append((shape, part, f"{name}[{n + 1}]", rf"\[\[\s*{name}\s*]]", n))
    named = data.get("parameters", {})
    for name, part in named.items() if isinstance(named, dict) else ():
        if not isinstance(part, dict):
            yield Fault(
                name, _SETTING, {"name": name}, line=_line(source, rf"{re.escape(name)}\s*="), column=1
            )
            continue
        parts.append((Parameter, part, name, rf"\[\s*parameters\s*\.\s*{re.escape(name)}\s*]", 0))
    for shape, part, place, header, n in parts:
        try:
            msgspec.convert(part, shape)
        except msgspec.ValidationError as error:
            yield _misfit(error, place, _line(source, header, n))


def _misfit(error: msgspec.ValidationError, place: str, line: int) -> Fault:
    reason, _, path = str(error).partition(" - at `$")
    place = f"{place}{path.rstrip('`')}".lstrip(".")
    for pattern, text in _LIKE:
        if found := pattern.match(reason):
            return Fault(place, text, found.groupdict(), line=line, column=1)
    return Fault(place, "{reason}", {"reason": reason}, line=line, column=1)


def _unreadable(source: str, reason: str) -> Fault:
    found = re.search(r" \(at line (\d+), column (\d+)\)", reason)
    end = (source.count("\n") + 1, len(source) - source.rfind("\n"))
    line, column = (int(found[1]), int(found[2])) if found else end
    text = N_("This is not sound TOML; its reader says: “{reason}”.")
    return Fault("", text, {"reason": re.sub(r" \(at .*\)", "", reason)}, line=line, column=column)


def _line(source: str, start: str, n: int = 0) -> int:
    """The line of the n-th that starts so, a pattern; 1 where there is none."""
    found = [at for at, line in enumerate(source.splitlines(), 1) if re.match(rf"\s*{start}", line)]
    return found[n] if n < len(found) else 1


def _placed(source: str, fault: Fault) -> Fault:
    """The fault with its line and column in the file, where the text at fault stands there as it is."""
    found = re.search(f"(?<=['\"]){re.escape(fault.template)}(?=['\"])", source) if fault.template else None
    if found is None:
        place = re.escape(fault.place)
        found = re.search(rf"(?m)^\s*\[parameters\.{place}\]|\b{place}(?=\s*=)", source) if place else None
    before = source[: (found.start() if found else 0) + max(fault.column, 1) - 1]
    return replace(fault, line=before.count("\n") + 1, column=len(before) - before.rfind("\n"))
