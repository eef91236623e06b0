"""A nursery of servers: each line on standard input begets one, which is killed after some seconds.

The line is `[place, seconds]`; the server says `port N` once it listens, the nursery `died STATUS`.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from threading import Timer

import uvicorn

from habitue.api.door import Door
from habitue.api.wire import Wire
from habitue.app import Shop
from habitue.app.keeper import Keeper
from habitue.engine.sweep import ready
from habitue.kernel import clock
from habitue.server import create, listening


def serve(place: Path, seconds: float) -> None:
    """Serve the door and take in what arrives, until the end comes."""
    Timer(seconds, lambda: os.kill(os.getpid(), signal.SIGKILL)).start()
    with Shop.open(place) as shop:
        keeper = Keeper(shop, pace=0.01)
        keeper.start()
        door = Door(create(shop), shop, clock.now, arrived=keeper.wake)
        waiting = listening("127.0.0.1", 8990)
        print("port", waiting.getsockname()[1], flush=True)
        uvicorn.Server(uvicorn.Config(door, http=Wire, log_level="critical", lifespan="off")).run(
            sockets=[waiting]
        )


def main() -> None:
    ready()
    for line in sys.stdin:
        place, seconds = json.loads(line)
        child = os.fork()
        if child == 0:
            try:
                serve(Path(place), seconds)
            finally:
                os._exit(1)
        print("died", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
