"""What was decided about messages, in words: for marketers, and for customers who ask."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from habitue.kernel import money
from habitue.kernel.clock import Micros
from habitue.kernel.i18n import N_, Translator, spelt
from habitue.people.consent import NAMES
from habitue.people.suppression import REASONS

STATES: Final = {
    "wanted": N_("planned"),
    "held": N_("waiting"),
    "sending": N_("being sent"),
    "sent": N_("sent"),
    "bounced": N_("came back"),
    "failed": N_("failed"),
    "unknown": N_("unknown"),
    "expired": N_("too late"),
    "skipped": N_("not sent"),
}
"""What becomes of a message."""

GUARDS: Final = {
    "late": N_("Too late"),
    "address": N_("No address"),
    "suppressed": N_("Suppression list"),
    "consent": N_("No consent"),
    "holdout": N_("Control group"),
    "twin": N_("Same address"),
    "collision": N_("Another message first"),
    "cap": N_("Enough messages lately"),
    "quiet": N_("Quiet hours"),
    "budget": N_("Budget spent"),
    "stopped": N_("Stopped"),
    "template": N_("Text could not be made"),
    "gone": N_("Template is gone"),
    "refused": N_("Refused by the other side"),
    "busy": N_("Refused for now"),
    "lost": N_("Broken off"),
    "unseen": N_("Waited unseen"),
}
"""What stops a message, in two or three words: for tables and funnels."""

_SENTENCES: Final = {
    ("expired", "late"): N_("Not sent: it was due on {due}, and would have come too late."),
    ("skipped", "address"): N_("Not sent: no address is known to send it to."),
    ("skipped", "suppressed"): N_("Not sent: the address is on the suppression list ({why})."),
    ("skipped", "consent"): N_("Not sent: the customer has not agreed to it ({channel}, {purpose})."),
    ("skipped", "holdout"): N_(
        "Not sent: the customer belongs to the control group, which is left alone for comparison."
    ),
    ("skipped", "twin"): N_("Not sent: the same address has it already, from another customer record."),
    ("skipped", "collision"): N_("Not sent: another message went first ({origin})."),
    ("skipped", "cap"): N_(
        "Not sent: the customer has had {most} messages within {within}, which is enough."
    ),
    ("held", "cap"): N_("Waits until {until}: the customer has had {most} messages within {within}."),
    ("held", "quiet"): N_("Waits until {until}: these are quiet hours where the customer lives."),
    ("expired", "quiet"): N_("Not sent: quiet hours last until {until}, when it would come too late."),
    ("skipped", "budget"): N_(
        "Not sent: it costs {cost}, and of the {most} that a month may cost on this channel {spent} is spent."
    ),
    ("skipped", "stopped"): N_("Not sent: it was stopped."),
    ("failed", "template"): N_("Not sent: its text could not be made. {why}"),
    ("failed", "gone"): N_("Not sent: there is no template “{template}” that is live."),
    ("failed", "refused"): N_("Not sent: the other side refused it. It said: {answer}"),
    ("bounced", "refused"): N_("Came back: the address does not take mail. The server said: {answer}"),
    ("held", "busy"): N_("Put off until {until}: the other side did not take it just now. It said: {answer}"),
    ("expired", "busy"): N_("Not sent: the other side did not take it in time. It said: {answer}"),
    ("unknown", "lost"): N_(
        "Nobody can know whether it arrived: the connection or the program broke off while it was handed "
        "over. It isn’t sent twice."
    ),
    ("held", "lost"): N_(
        "Sent once more: the connection or the program broke off while it was handed over. It has the "
        "same number, so that a mailbox can tell."
    ),
    ("expired", "unseen"): N_(
        "Never seen: it waited on the site until {until}, and the customer did not come by."
    ),
    ("sending", None): N_("Every check passed; it is being sent."),
    ("sent", None): N_("Sent."),
}

_SPENT: Final = N_("Not sent: the month’s budget is spent.")
"""As it was told before it was noted how much that is."""

_INSTANTS: Final = ("until", "due")
_AMOUNTS: Final = ("most", "spent", "cost")


def sentence(
    state: str, reason: str | None, fields: Mapping[str, Any], t: Translator, when: Callable[[Micros], str]
) -> str:
    """One decision about a message as a sentence; `when` says instants to the reader."""
    text = _SENTENCES.get((state, reason)) if fields or reason != "budget" else _SPENT
    if text is None:
        return t(STATES.get(state, state))
    if "currency" in fields:
        amounts = {name: money.whole(fields[name]) for name in _AMOUNTS}
        told = {name: money.shown(n, fields["currency"], t.language) for name, n in amounts.items()}
        return t(text, **told)
    return t(text, **{name: _said(name, value, t, when) for name, value in fields.items()})


def _said(name: str, value: Any, t: Translator, when: Callable[[Micros], str]) -> str:
    if name in _INSTANTS and isinstance(value, int):
        return when(value)
    if name == "within":
        return spelt(str(value), t.language)
    if name == "channel":
        return t(NAMES.get(str(value), str(value)))
    if name == "why":
        return t(REASONS.get(str(value), str(value)))
    return str(value)
