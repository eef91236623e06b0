"""A process that sends mail until it is killed.

Run as a program it is a nursery: it has everything imported and forks a sender for each line it reads:
folder, port, log of the relay (or none).
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import Final

from habitue.kernel import clock
from habitue.messaging.batch import Door
from habitue.messaging.rules import Rules
from habitue.messaging.sender import Sender
from tests.ingest.stores import opened
from tests.messaging.postoffice import compose, mark, relay

CONNECTIONS: Final = 3


def work(place: str, port: int, log: str) -> None:
    """Send both lanes in turn until there is nothing to be sent for a while."""
    with opened(Path(place)) as stores:
        door = Door(stores.ops, stores.warehouse, lambda _tx: Rules(caps={}), "FR")
        ways = {"email": relay(port, connections=CONNECTIONS, relay_log=log)}
        senders = [
            Sender(
                stores.ops,
                door,
                lambda: ways,
                compose,
                lane=lane,
                folder=Path(place) / "outgoing",
                mark=mark,
                now=clock.now,
                most=50,
                latency=0.1,
            )
            for lane in (0, 1)
        ]
        print("ready", flush=True)
        idle = 0
        while idle < 3:
            idle = 0 if sum(sender.round() for sender in senders) else idle + 1
            if idle:
                signal.sigtimedwait([], 0.6)
        for sender in senders:
            sender.close()


def nursery() -> None:
    for line in sys.stdin:
        child = os.fork()
        if not child:
            try:
                work(*json.loads(line))
            except BaseException:  # noqa: BLE001  told, and the parent's code must not go on in the child
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        print(f"child {child}", flush=True)
        _, status = os.waitpid(child, 0)
        print(f"ended {os.waitstatus_to_exitcode(status)}", flush=True)


if __name__ == "__main__":
    nursery()
