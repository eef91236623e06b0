"""A program that says what it finds when it starts; told to `cat`, it waits for the end of its input."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from pathlib import Path


def main() -> None:
    found = {
        "words": sys.argv[1:],
        "place": str(Path.cwd()),
        "environment": {**os.environ},
        "group and session": (os.getpgid(0), os.getsid(0)),
        "open": len([*Path("/dev/fd").iterdir()]),
        "streams": [
            (one.encoding, one.errors, one.line_buffering) for one in (sys.stdin, sys.stdout, sys.stderr)
        ],
        "signals": {int(one): str(signal.getsignal(one)) for one in signal.valid_signals()},
        "blocked": [int(one) for one in signal.pthread_sigmask(signal.SIG_BLOCK, [])],
        "threads": threading.active_count(),
    }
    print(json.dumps(found), flush=True)
    print("told", file=sys.stderr)
    if sys.argv[1:] == ["cat"]:
        sys.stdin.read()
    sys.exit(3)


if __name__ == "__main__":
    main()
