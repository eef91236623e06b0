"""A template as data: in each language a subject, a line after it and a body; and how it stands in a file."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any, Final, Literal, get_args

import msgspec
from msgspec import Struct

from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.rules.problem import nearest

Form = Literal["mjml", "html", "text"]
Channel = Literal["email", "sms", "push", "post", "phone", "inapp"]
CHANNELS: Final = get_args(Channel)
FORMS: Final = get_args(Form)
Place = Literal["corner", "bar", "dialog"]
PLACES: Final = get_args(Place)

SLUG: Final = re.compile(r"[a-z][a-z0-9_-]{0,63}")
LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Z]{2})?")
RESERVED: Final = frozenset({"new"})
"""Pages of their own under `/templates/`."""

LONGEST: Final = 256 << 10
"""Characters of one body."""
NAMED: Final = 120
ABOUT: Final = 2_000
MANY: Final = 20
"""Languages of one template."""


class Text(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What is sent in one language; a `text` body is sent as it is, without HTML.

    On the site the subject is the title, and a `button` leads to `link`.
    """

    body: str
    subject: str = ""
    preheader: str = ""
    form: Form = "mjml"
    button: str = ""
    link: str = ""


class Template(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The texts by language, the first of which serves where a customer's own is not there.

    `purpose` is `transactional`, or what customers agree to (`people.consent`). `place` is where on the site
    a message is shown.
    """

    slug: str
    texts: Mapping[str, Text]
    name: str = ""
    about: str = ""
    channel: Channel = "email"
    purpose: str = "marketing"
    place: Place = "corner"

    @property
    def title(self) -> str:
        return self.name or self.slug

    def language(self, asked: str | None) -> str:
        """The language to write to somebody in who asks for this one."""
        for one in (asked, (asked or "").partition("-")[0]):
            if one in self.texts:
                return str(one)
        return next(iter(self.texts))


def checked(template: Template) -> Template:
    """The template; raises `UserError` where it can't be kept whatever its texts say."""
    if not SLUG.fullmatch(template.slug) or template.slug in RESERVED:
        raise UserError(
            N_("“{name}” can't name a template. Use small letters, digits, - and _."), name=template.slug[:80]
        )
    if not template.texts or len(template.texts) > MANY:
        raise UserError(
            N_("A template has between 1 and {n} languages, each with a text of its own."), n=MANY
        )
    for language in template.texts:
        if not LANGUAGE.fullmatch(language):
            raise UserError(
                N_("“{language}” is no language. Write it in two letters, such as en or fr."),
                language=language[:20],
            )
    for said, most in ((template.name, NAMED), (template.about, ABOUT), (template.purpose, 40)):
        _short(said, most)
    for text in template.texts.values():
        for said in (text.subject, text.preheader, text.button, text.link):
            _short(said, 2_000)
        _short(text.body, LONGEST)
    return template


def _short(text: str, most: int) -> None:
    if len(text) > most:
        raise UserError(N_("This is too long: {n} characters; {most} are enough."), n=len(text), most=most)


# --- in a file ------------------------------------------------------------------------------------


def read(text: str) -> Template:
    """The template of a TOML text: its own fields, and a table for each language. Raises `UserError`."""
    try:
        found: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UserError(N_("This is no TOML: {reason}"), reason=error) from error
    texts = {name: one for name, one in found.items() if isinstance(one, dict)}
    own = {name: one for name, one in found.items() if name not in texts}
    _shaped("", own, _OWN, "slug")
    for language, one in texts.items():
        _shaped(f"{language}.", one, _TEXT, "body")
    return checked(msgspec.convert(own | {"texts": texts}, Template))


_OWN: Final[dict[str, tuple[str, ...]]] = {
    **dict.fromkeys(("slug", "name", "about", "purpose"), ()),
    "channel": CHANNELS,
    "place": PLACES,
}
_TEXT: Final[dict[str, tuple[str, ...]]] = {
    **dict.fromkeys(("body", "subject", "preheader", "button", "link"), ()),
    "form": FORMS,
}
"""What stands in a file, in its head and for each language: a text, or one of these."""


def _shaped(place: str, given: Mapping[str, Any], known: Mapping[str, tuple[str, ...]], needed: str) -> None:
    """Raise `UserError` for the first thing that stands there as nothing can."""
    for name, value in given.items():
        choices, where = known.get(name), f"{place}{name}"
        if choices is None:
            near = nearest(name, known)
            text = (
                N_("There is no setting “{name}”. Did you mean “{near}”?")
                if near
                else N_("There is no setting “{name}” here. There are: {known}.")
            )
            raise UserError(text, name=where, near=f"{place}{near}", known=", ".join(known))
        if not isinstance(value, str):
            raise UserError(N_("{name} is a text: write it in quotes."), name=where)
        if choices and value not in choices:
            near = nearest(value, choices)
            text = (
                N_("{name} can’t be “{value}”. Did you mean “{near}”?")
                if near
                else N_("{name} can’t be “{value}”. Choose one of: {known}.")
            )
            raise UserError(text, name=where, value=value[:80], near=near, known=", ".join(choices))
    if needed not in given:
        raise UserError(N_("{name} is missing: nothing can be sent without it."), name=f"{place}{needed}")


def written(template: Template) -> str:
    """The same as TOML: `read` makes the template again."""
    own = {name: getattr(template, name) for name in ("slug", "name", "about", "channel", "purpose")}
    own |= {"place": template.place} if template.channel == "inapp" else {}
    lines = [f"{name} = {_quoted(value)}" for name, value in own.items() if value]
    for language, text in template.texts.items():
        lines += ["", f"[{language}]"]
        lines += [f"{name} = {_quoted(getattr(text, name))}" for name in ("subject", "preheader", "form")]
        more = {name: getattr(text, name) for name in ("button", "link")}
        lines += [f"{name} = {_quoted(value)}" for name, value in more.items() if value]
        lines.append(f"body = {_block(text.body)}")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """A string of one line. JSON's escapes are TOML's, but for the one letter that JSON leaves alone."""
    return msgspec.json.encode(text).decode().replace("\x7f", "\\u007f")


def _block(text: str) -> str:
    """A string of many lines as it stands, where no letter of it would be read as another."""
    if "'''" in text or text.endswith("'") or re.search(r"[\x00-\x08\x0b-\x1f\x7f]", text):
        return _quoted(text)
    return f"'''\n{text}'''"
