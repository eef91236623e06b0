"""The command line's commands about what is sent: the mail server, and a customer's messages."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import msgspec
from babel.numbers import format_percent
from msgspec import structs, to_builtins

from habitue.api import sending as commands
from habitue.api.answer import Answer, Column, Facts, Sheet
from habitue.api.perform import Asked, perform
from habitue.app.channels import EMAIL, NO_MAIL
from habitue.kernel import clock
from habitue.kernel.clock import shown
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.messaging import reasons, repute
from habitue.messaging.channel import Composed
from habitue.messaging.domain import TITLES
from habitue.messaging.kinds import email_smtp, webhook
from habitue.messaging.kinds.email_smtp import Settings

WEEK: Final = 7
MARKS: Final = {"good": "✓", "note": "!", "bad": "✗", "unknown": "?"}


@perform.register
def _mail(_: commands.Mail, asked: Asked) -> Answer:
    found = asked.shop.mail()
    if found is None:
        standing = asked.shop.channels().get(EMAIL)
        if standing is None:
            return Facts({"host": None}, [asked.say(NO_MAIL)])
        said = N_("{title}: no mail server of your own. habitue channels show {kind} says more.")
        line = asked.say(said, title=asked.say(standing.kind.title), kind=standing.kind.name)
        return Facts({"host": None, "kind": standing.kind.name}, [line])
    return Facts(_open(found), _lines(found, asked))


@perform.register
def _set(command: commands.SetMail, asked: Asked) -> Answer:
    given = {
        name: value for name, value in structs.asdict(command).items() if value is not None and name != "by"
    }
    before = asked.shop.mail()
    told = (structs.asdict(before) if before else {}) | given
    if "host" not in told or "sender" not in told:
        raise UserError(NO_MAIL)
    try:
        wanted = msgspec.convert(told, Settings)
    except msgspec.ValidationError as error:
        raise UserError(N_("That can't be how mails leave: {reason}"), reason=error) from error
    asked.shop.set_mail(wanted, command.by)
    return Facts(_open(wanted), _lines(wanted, asked))


@perform.register
def _test(command: commands.TryMail, asked: Asked) -> Answer:
    say = asked.say
    words = say(N_("This is a test. If you can read it, mails leave."))
    outcome = asked.shop.try_mail(command.to, Composed(say(N_("A test from Habitué")), "", words))
    if outcome.state != "sent":
        raise UserError(N_("The mail did not leave: {answer}"), answer=outcome.answer)
    line = say(N_("The server has taken it: {answer}"), answer=outcome.answer)
    return Facts({"to": command.to, "answer": outcome.answer}, [line])


@perform.register
def _returned(command: commands.Returned, asked: Asked) -> Answer:
    found = asked.shop.take_back(command.mail)
    if found is None:
        line = N_("That is no report about a mail of ours: nothing was changed.")
    elif found.kind == "complaint":
        line = N_("Somebody called a mail spam: nobody writes there again.")
    elif found.dead:
        line = N_("A mail came back, since nobody is there: nobody writes there again.")
    else:
        line = N_("A mail came back.")
    return Facts({"kind": found.kind if found else None}, [asked.say(line)])


@perform.register
def _end(command: commands.EndMail, asked: Asked) -> Answer:
    ended = asked.shop.end_mail(command.by)
    line = N_("No e-mail is sent any more; what is to be sent waits.") if ended else NO_MAIL
    return Facts({"ended": ended}, [asked.say(line)])


@perform.register
def _hooks(_: commands.Hooks, asked: Asked) -> Answer:
    return _signing(asked.shop.hooks(), asked)


@perform.register
def _set_hooks(command: commands.SetHooks, asked: Asked) -> Answer:
    return _signing(asked.shop.set_hooks(command.by, rotate=command.rotate, inner=command.inner), asked)


def _signing(found: webhook.Settings, asked: Asked) -> Answer:
    say = asked.say
    lines = [say(N_("Calls are signed with: {secret}"), secret=found.secrets[0])]
    if len(found.secrets) > 1:
        lines.append(say(N_("The secret before it signs too, until the next change.")))
    if found.inner:
        lines.append(say(N_("Calls to inner networks are allowed.")))
    return Facts({"secret": found.secrets[0], "inner": found.inner}, lines)


@perform.register
def _messages(command: commands.Messages, asked: Asked) -> Answer:
    shop, say = asked.shop, asked.say
    names = {state: say(text) for state, text in reasons.STATES.items()}

    def when(at: int) -> str:
        return shown(at, shop.settings.timezone, say.language)

    columns = (
        Column("message", N_("Message"), "count"),
        Column("at", N_("When"), "time"),
        Column("origin", N_("Who sends")),
        Column("channel", N_("Channel")),
        Column("state", N_("State"), names=names),
        Column("sentence", N_("Why")),
    )
    rows = [
        (
            told.message,
            line.at,
            told.origin,
            told.channel,
            line.state,
            reasons.sentence(line.state, line.reason, line.fields, say, when),
        )
        for told in shop.customer_messages(command.customer, command.most)
        for line in told.lines
    ]
    return Sheet(columns, rows)


def _open(settings: Settings) -> dict[str, Any]:
    """The settings for programs: of what is secret only whether it is there."""
    told = structs.asdict(settings)
    return {name: bool(value) if name in email_smtp.SECRET else value for name, value in told.items()}


def _lines(settings: Settings, asked: Asked) -> list[str]:
    say = asked.say
    lines = [
        say(
            N_("E-mails leave as {sender} by {host}:{port} ({security})."),
            sender=settings.sender,
            host=settings.host,
            port=settings.port,
            security=settings.security,
        )
    ]
    if not settings.bounces:
        lines.append(say(N_("Mails that come back are not read: name a mailbox with --bounces.")))
    record = email_smtp.opened(settings).record
    if record is None:
        lines.append(say(N_("Mails are not signed: give a key with --dkim-key and --dkim-selector.")))
    else:
        place, text = record
        told = N_("Signed; this has to stand in DNS at {place}: {record}")
        lines.append(say(told, place=place, record=text))
    return lines


@perform.register
def _check(command: commands.CheckMail, asked: Asked) -> Answer:
    shop, say = asked.shop, asked.say
    found, rates = shop.check_domain(command.by), shop.rates(WEEK)
    lines, whole, halted = [found.domain], repute.whole(rates), shop.halted()
    for one in found.checks:
        lines.append(f"  {MARKS[one.state]} {say(TITLES[one.id])}: {say(one.text, **one.fields)}")
        if one.wanted:
            lines.append(f"      {one.place}  {one.wanted}")
    share = partial(format_percent, format="#,##0.00%", locale=asked.language)
    text = N_("Over 7 days {n} marketing mails: {back} came back, {spam} were called spam.")
    lines.append(say(text, n=whole.sent, back=share(whole.bounces), spam=share(whole.complaints)))
    if halted is not None:
        lines.append(say(N_("Marketing stands still. Let it go on with: habitue mail resume --why REASON")))
    fields = {
        "domain": found.domain,
        "checks": to_builtins(found.checks),
        "rates": to_builtins(rates),
        "halted": None if halted is None else clock.iso(halted.since),
    }
    return Facts(fields, lines)


@perform.register
def _resume(command: commands.ResumeMarketing, asked: Asked) -> Answer:
    asked.shop.resume_marketing(command.by, command.why)
    return Facts({"halted": None}, [asked.say(N_("Marketing goes on."))])
