"""A nursery of servers: each line on standard input begets one, which is killed after a while.

The line is `[place, starts]`: how many times as long as a start takes, as this machine is now. The server
says `port N` once it listens, the nursery `died STATUS`.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
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


def start() -> float:
    """Seconds that a start takes, in a child of its own: what has stores open can't be forked."""
    ends, told = os.pipe()
    if os.fork() == 0:
        with TemporaryDirectory() as folder:
            Shop.create(Path(folder) / "shop").close()
            began = time.perf_counter()
            with Shop.open(Path(folder) / "shop") as shop:
                create(shop)
                os.write(told, str(time.perf_counter() - began).encode())
        os._exit(0)
    os.close(told)
    with os.fdopen(ends) as answer:
        seconds = float(answer.read())
    os.wait()
    return seconds


def main() -> None:
    ready()
    took = start()
    for line in sys.stdin:
        place, starts = json.loads(line)
        child = os.fork()
        if child == 0:
            try:
                serve(Path(place), starts * took)
            finally:
                os._exit(1)
        print("died", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
