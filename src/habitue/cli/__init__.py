"""The command line: `habitue` and its verbs."""

import signal
import sys


def main() -> None:
    """The `habitue` command; Ctrl-C ends it quietly even while it loads."""
    python = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if python:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from habitue.cli.program import run  # noqa: PLC0415

    if python:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(run(sys.argv[1:]))
