"""Events that we name ourselves, in words: for people to read; programs are given the names."""

from __future__ import annotations

from typing import Final

from habitue.kernel.i18n import N_

INNER: Final = {
    "$identify": N_("Details given"),
    "$group": N_("Linked to an account"),
    "$alias": N_("Known by another key too"),
    "$consent": N_("Consent given or withdrawn"),
    "$score": N_("Score computed"),
    "$merge": N_("Made one with another customer"),
    "$split": N_("Taken apart from another customer"),
}


def called(name: str) -> str:
    """The message that says this event, or its own name."""
    return INNER.get(name, name)
