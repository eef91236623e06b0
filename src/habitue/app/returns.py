"""What comes back of what was sent."""

from __future__ import annotations

import hmac
from typing import Final

from habitue.app.channels import SOURCE
from habitue.app.posting import Posting
from habitue.kernel import clock
from habitue.kernel.clock import Micros
from habitue.messaging import outbox, returned
from habitue.messaging.returned import Returned
from habitue.people import suppression
from habitue.store import messages, repute

_CALLED: Final = {"bounce": "Email Bounced", "complaint": "Email Marked as Spam"}


class Returning(Posting):
    """The part of a shop that learns of mails that came back."""

    def take_back(self, raw: bytes, now: Micros | None = None) -> Returned | None:
        """Take a mail that came to the return path: what it reports, None where that is nothing of ours.

        A mail that came back is marked so; where nobody is at its address, or somebody called it spam, nobody
        writes there again. The same report again changes nothing.
        """
        found = returned.read(raw)
        if found is None:
            return None
        number = int(found.mark.partition(".")[0])
        if not hmac.compare_digest(self.mark(number), found.mark):
            return None
        when = clock.now() if now is None else now
        with self.ops.begin() as tx:
            row = messages.one(tx, number)
            if row is None:
                return None
            if found.kind == "bounce" and not outbox.returned(tx, number, found.answer, when):
                return None
            if row.address and (found.dead or found.kind == "complaint"):
                reason = "bounce" if found.dead else "complaint"
                suppression.block(tx, row.address, row.channel, reason, SOURCE, when)
            if found.kind == "complaint":
                repute.complain(tx, row.id, when)
            self.tell_of(tx, row, _CALLED[found.kind], when)
        return found
