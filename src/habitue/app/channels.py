"""By which ways things leave: what is set up for each channel, tried out, and ended."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from secrets import token_urlsafe
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Struct, structs

from habitue.app.letters import Answering
from habitue.kernel import clock
from habitue.kernel.clock import Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.messaging.channel import Composed, Letter, Outcome, Way
from habitue.messaging.guards import WEBHOOK
from habitue.messaging.kinds import email_smtp, webhook, webpush
from habitue.messaging.registry import Kind, kinds
from habitue.people.consent import SITE
from habitue.rules.problem import nearest
from habitue.store import acts, transports
from habitue.store.ops import Tx
from habitue.store.seal import Seal
from habitue.store.transports import Kept

SOURCE: Final = "habitue"
EMAIL: Final = "email"
SMTP: Final = "email_smtp"
NO_MAIL: Final = N_("No mail server is set. Set one with: habitue mail set --host HOST --from ADDRESS")
_ON_SITE: Final = N_(
    "A message on your site is tried where its template is written: choose a customer and show it to them."
)
_NO_WAY: Final = N_("Nothing is set up by which anything could leave on the channel {channel}.")


class Standing(NamedTuple):
    """How a channel is reached now, since when, and who said so."""

    kind: Kind
    settings: Struct
    since: Micros
    by: str


class Channelled(Answering):
    """The part of a shop that knows the ways out."""

    def mark(self, number: int, kind: str = "message") -> str:
        """By which a message is known outside, for ever; nobody can make one up. Others than customers' say
        of which kind they are.
        """
        stamp = self._stamps.made(f"{kind}:{number}".encode())[:20]
        return f"{number}.{stamp}" if kind == "message" else f"{kind}-{number}.{stamp}"

    def channels(self) -> dict[str, Standing]:
        """Those that are set up, by channel."""
        with self.ops.read() as tx:
            kept = [one for one in transports.standing(tx) if one.kind in kinds()]
        return {
            one.channel: Standing(kinds()[one.kind], self._settings(one), one.made, one.by) for one in kept
        }

    def set_channel(
        self, name: str, given: Mapping[str, Any], by: str, now: Micros | None = None
    ) -> Standing:
        """Let a channel be reached by this kind from now on; what isn't said stays as it was.

        Raises `UserError` for what is unknown, or can't work.
        """
        kind = kind_of(name)
        last = self.channels().get(kind.channel)
        before = structs.asdict(last.settings) if last is not None and last.kind.name == name else {}
        made = converted(kind, before | dict(given))
        if kind.completed is not None:
            made = kind.completed(made)
        if "hook" in kind.settings.__struct_fields__ and not getattr(made, "hook"):  # noqa: B009  not of all
            made = structs.replace(made, hook=token_urlsafe(24))
        if "callback" in kind.settings.__struct_fields__:
            told = f"{self.base.rstrip('/')}/hooks/{name}/{made.hook}" if self.base else ""
            made = structs.replace(made, callback=told)
        self._put(kind, made, by, clock.now() if now is None else now)
        return self.channels()[kind.channel]

    def rotate_hook(self, name: str, by: str) -> Standing:
        """A new secret for the address by which a provider tells of messages: the last one is nobody's."""
        return self.set_channel(name, {"hook": token_urlsafe(24)}, by)

    def hook_address(self, one: Standing) -> str | None:
        """Where a provider has to tell what became of messages; None where it tells nothing."""
        hook = getattr(one.settings, "hook", "")
        return f"{self.passes().base}/hooks/{one.kind.name}/{hook}" if hook and one.kind.reports else None

    def push_key(self) -> str | None:
        """The key that browsers subscribe to; None where nothing is pushed."""
        found = self.channels().get(webpush.CHANNEL)
        return (
            webpush.public(found.settings) if found and isinstance(found.settings, webpush.Settings) else None
        )

    def end_channel(self, channel: str, by: str, now: Micros | None = None) -> bool:
        """Send nothing more on a channel; whether anything was. What is to be sent waits."""
        when = clock.now() if now is None else now
        with self.ops.begin() as tx:
            ended = transports.end(tx, channel, when)
            if ended:
                acts.note(tx, when, by, "channel", "workspace", channel=channel, ended=True)
        return ended

    def try_channel(self, channel: str, to: str, words: Composed, now: Micros | None = None) -> Outcome:
        """Send one message at once, past the outbox, and say what was answered. Raises `UserError`."""
        when = clock.now() if now is None else now
        way = self.ways().get(channel)
        if way is None:
            raise UserError(NO_MAIL) if channel == EMAIL else UserError(_NO_WAY, channel=channel)
        if channel == SITE:
            raise UserError(_ON_SITE)
        letter = Letter(0, to, self.mark(when), *words[:3], {}, False, None, when)
        session = way.connect()
        try:
            return session.hand(letter, lambda: None)
        finally:
            session.close()

    def ways(self) -> Mapping[str, Way]:
        """The ways out, by channel, each made once as long as its settings stand."""
        with self.ops.read() as tx:
            kept = {one.id: one for one in transports.standing(tx) if one.kind in kinds()}
        for number in [one for one in self._ways if one not in kept]:
            del self._ways[number]
        for number, one in kept.items():
            if number not in self._ways:
                kind, more = kinds()[one.kind], [self.ops] if kinds()[one.kind].shelved else []
                self._ways[number] = kind.opened(self._settings(one), *more)
        return {kept[number].channel: way for number, way in self._ways.items()}

    @cached_property
    def _ways(self) -> dict[int, Way]:
        return {}

    def _settings(self, one: Kept) -> Any:
        return msgspec.json.decode(Seal(self.directory).open(one.settings), type=kinds()[one.kind].settings)

    def _put(self, kind: Kind, settings: Any, by: str, now: Micros) -> None:
        sealed = Seal(self.directory).close(msgspec.json.encode(kind.checked(settings)).decode())
        open_ = {
            one.name: getattr(settings, one.name)
            for one in kind.fields
            if one.name not in kind.secret and one.name in ("host", "sender", "region", "domain")
        }
        with self.ops.begin() as tx:
            transports.put(tx, kind.name, kind.channel, sealed, by, now)
            acts.note(tx, now, by, "channel", "workspace", channel=kind.channel, kind=kind.name, **open_)

    # --- the mail server --------------------------------------------------------------------------

    def mail(self) -> email_smtp.Settings | None:
        """The server by which e-mails leave; None where they leave by none."""
        found = self.channels().get(EMAIL)
        return found.settings if found and isinstance(found.settings, email_smtp.Settings) else None

    def set_mail(self, settings: email_smtp.Settings, by: str, now: Micros | None = None) -> None:
        """Let e-mails leave so from now on. Raises `UserError`."""
        self._put(kinds()[SMTP], settings, by, clock.now() if now is None else now)

    def end_mail(self, by: str, now: Micros | None = None) -> bool:
        """Send no more e-mails; whether any were sent. What is to be sent waits."""
        return self.end_channel(EMAIL, by, now)

    def try_mail(self, to: str, words: Composed, now: Micros | None = None) -> Outcome:
        """Send one e-mail at once, past the outbox, and say what the server answered. Raises `UserError`."""
        return self.try_channel(EMAIL, to, words, now)

    # --- webhooks ---------------------------------------------------------------------------------

    def hooks(self) -> webhook.Settings:
        """How programs are called: with a secret of the workspace's own, made when it is first needed."""
        with self.ops.begin() as tx:
            kept = {one.channel: one for one in transports.standing(tx)}
            if WEBHOOK in kept:
                found: webhook.Settings = self._settings(kept[WEBHOOK])
                return found
            made = webhook.Settings((webhook.fresh(),))
            self._put_hooks(tx, made, SOURCE, clock.now())
        return made

    def set_hooks(self, by: str, *, rotate: bool = False, inner: bool | None = None) -> webhook.Settings:
        """Sign with a new secret too, the last one beside it for a while; allow calls to inner networks."""
        before, when = self.hooks(), clock.now()
        secrets = (webhook.fresh(), before.secrets[0]) if rotate else before.secrets
        wanted = structs.replace(before, secrets=secrets, inner=before.inner if inner is None else inner)
        with self.ops.begin() as tx:
            self._put_hooks(tx, wanted, by, when)
            acts.note(tx, when, by, "webhooks", "workspace", rotated=rotate, inner=wanted.inner)
        return wanted

    def _put_hooks(self, tx: Tx, settings: webhook.Settings, by: str, now: Micros) -> None:
        sealed = Seal(self.directory).close(msgspec.json.encode(webhook.checked(settings)).decode())
        transports.put(tx, WEBHOOK, WEBHOOK, sealed, by, now)


def offered() -> list[Kind]:
    """The kinds that can be set up by their form, by channel and name."""
    return sorted((one for one in kinds().values() if one.fields), key=lambda one: (one.channel, one.name))


def kind_of(name: str) -> Kind:
    """The kind of that name; raises `UserError` with the nearest for one that there isn't."""
    names = [one.name for one in offered()]
    if name in names:
        return kinds()[name]
    if near := nearest(name, names):
        raise UserError(N_("There is no “{name}” to send by. Did you mean “{near}”?"), name=name, near=near)
    raise UserError(
        N_("There is no “{name}” to send by. There are: {names}."), name=name, names=", ".join(names)
    )


def converted(kind: Kind, given: Mapping[str, Any]) -> Any:
    """Settings of what is given, which may all be text. Raises `UserError`."""
    _known(kind, given)
    for one in kind.fields:
        if one.required and not given.get(one.name):
            raise UserError(N_("The setting “{name}” is missing."), name=one.name)
        if one.options and one.name in given and given[one.name] not in one.options:
            fields = {"name": one.name, "names": ", ".join(one.options)}
            raise UserError(N_("The setting “{name}” is one of: {names}."), **fields)
    try:
        return kind.checked(msgspec.convert(dict(given), kind.settings, strict=False))
    except msgspec.ValidationError as error:
        wrong = next((name for name in given if f"`$.{name}`" in str(error)), "")
        raise UserError(N_("The setting “{name}” takes a number."), name=wrong) from error


def _known(kind: Kind, given: Mapping[str, Any]) -> None:
    """Raises `UserError` for a setting that there isn't."""
    asked = [one.name for one in kind.fields]
    for name in sorted({*given} - {*kind.settings.__struct_fields__}):
        if near := nearest(name, asked):
            raise UserError(N_("There is no setting “{name}”. Did you mean “{near}”?"), name=name, near=near)
        raise UserError(
            N_("There is no setting “{name}”. There are: {names}."), name=name, names=", ".join(asked)
        )
