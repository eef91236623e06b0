"""Events over HTTP, as the Segment protocol has them: `read` at the door, `rows` on the way to the log."""

from __future__ import annotations
