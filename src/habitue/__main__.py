"""`python -m habitue` is `habitue`."""

from habitue.cli import main

main()
