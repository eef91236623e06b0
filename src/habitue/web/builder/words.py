"""What cards, operators and buttons are called."""

from __future__ import annotations

from typing import Final

from habitue.kernel.i18n import N_

EVENTS: Final = {
    "ever": N_("has done"),
    "never": N_("has not done"),
    "count": N_("how many times"),
    "days_since_last": N_("time since the last"),
    "days_since_first": N_("time since the first"),
    "sum": N_("sum of a property"),
    "distinct": N_("different values of a property"),
    "last": N_("property of the last"),
}
KINDS: Final = {
    **EVENTS,
    "trait": N_("Known trait"),
    "prop": N_("Property"),
    "score": N_("Predicted score"),
    "stage": N_("Stage"),
    "segment": N_("Segment"),
    "consent": N_("Consent"),
    "not": N_("Not so"),
    "held": N_("Without a break for at least"),
    "account": N_("One of the customer’s accounts"),
    "any_member": N_("At least one member"),
    "count_members": N_("How many members"),
    "text": N_("As text"),
}
ICONS: Final = {
    **dict.fromkeys(EVENTS, "bolt"),
    "trait": "tag",
    "prop": "tag",
    "score": "chart",
    "stage": "steps",
    "segment": "circles",
    "consent": "mail",
    "not": "away",
    "held": "clock",
    "account": "building",
    "any_member": "people",
    "count_members": "people",
    "text": "code",
}
ADD: Final = (
    (
        N_("What they did"),
        (
            ("ever", N_("Has done something")),
            ("never", N_("Has not done something")),
            ("count", N_("Has done it so many times")),
            ("days_since_last", N_("How long ago last")),
            ("days_since_first", N_("How long ago first")),
            ("sum", N_("Sum of a property, such as revenue")),
            ("distinct", N_("Different values of a property")),
            ("last", N_("A property of the last one")),
        ),
    ),
    (
        N_("Who they are"),
        (
            ("trait", N_("A trait, such as their country")),
            ("score", N_("A score")),
            ("consent", N_("May be reached on a channel")),
            ("account", N_("Something about their account")),
        ),
    ),
    (
        N_("Where they are"),
        (
            ("stage", N_("Is in a stage")),
            ("entered", N_("Came into a stage lately")),
            ("segment", N_("Is in another segment")),
        ),
    ),
    (N_("More"), (("group", N_("A group: any of these")), ("text", N_("A condition as text")))),
)
"""What can be added to a group, in groups."""

OPS: Final = {
    "==": N_("is"),
    "!=": N_("is other than"),
    "<": N_("is less than"),
    "<=": N_("is at most"),
    ">": N_("is more than"),
    ">=": N_("is at least"),
    "in": N_("is one of"),
    "not in": N_("is none of"),
    "contains": N_("contains"),
    "startswith": N_("begins with"),
    "matches": N_("matches the pattern"),
    "set": N_("is set"),
    "unset": N_("is not set"),
}
UNITS: Final = {"m": N_("minutes"), "h": N_("hours"), "d": N_("days"), "w": N_("weeks"), "y": N_("years")}
TYPES: Final = {"text": N_("text"), "number": N_("number"), "bool": N_("true or false")}
CHANNELS: Final = ("email", "sms", "phone", "push", "post")
