"""A mail relay in a process of its own: what it has taken stands in its log, on the disk, before it says so.

`python -m tests.faults.relay LOG` prints its port. It waits between the two, as a relay under load does: who
is killed meanwhile can't know.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
from typing import Any, Final

from aiosmtpd.smtp import SMTP

PAUSE: Final = 0.01


class Taking:
    """Writes down the Message-ID of each mail."""

    def __init__(self, path: str) -> None:
        self._log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        found = re.search(rb"^Message-ID: (\S+)", envelope.content, re.MULTILINE)
        assert found
        os.write(self._log, found[1] + b"\n")
        os.fdatasync(self._log)
        await asyncio.sleep(PAUSE)
        return "250 2.0.0 taken"


async def main(path: str) -> None:
    loop, taking = asyncio.get_running_loop(), Taking(path)
    server = await loop.create_server(lambda: SMTP(taking, loop=loop, hostname="relay"), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
