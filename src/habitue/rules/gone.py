"""Who did something and has done nothing since, found in a rule that says so by counting."""

from __future__ import annotations

from habitue.rules.nodes import And, Compare, Count, Ever, Not, Rule


def gone(rule: And) -> tuple[Ever, tuple[Ever, ...]] | None:
    """`ever(A) and not count(A, since=B) == 0`: who did A, and not B since; with every such B."""
    event, *others = rule.items
    if not isinstance(event, Ever) or not others:
        return None
    after = tuple(_since(one, event) for one in others)
    return (event, after) if all(after) else None  # type: ignore[return-value]  # none of them is None


def _since(rule: Rule, event: Ever) -> Ever | None:
    match rule:
        case Not(Compare(Count(events, where, None, Ever() as since), "==", 0)):
            return since if (events, where) == (event.events, event.where) else None
    return None
