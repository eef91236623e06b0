"""Messages to be wanted by tests."""

from __future__ import annotations

from typing import Any

from habitue.kernel.clock import instant
from habitue.messaging.outbox import Wanted

NOW = instant("2026-03-02T10:00:00")
"""A Monday morning."""


def wanted(person: int = 1, **more: Any) -> Wanted:
    """An e-mail of a welcome, due now."""
    usual = {"origin": "journey:welcome", "step": "v1:hello", "run": f"r{person}", "channel": "email"}
    return Wanted(**{**usual, "person": person, "due": NOW, "template": 1, **more})
