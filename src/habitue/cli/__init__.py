"""The command line: `habitue` and its verbs."""

from habitue.cli.program import main

__all__ = ["main"]
