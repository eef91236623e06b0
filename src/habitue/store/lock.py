"""One process owns a data directory at a time: the system's lock on one file, which goes with the process."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_

NAME: Final = "lock"


class Owner(Struct, frozen=True):
    """Who owns the directory; while it serves, where, and the token that its owner may command it with."""

    pid: int
    url: str | None = None
    token: str | None = None


class Busy(UserError):
    """Another process has the directory open; ask it at `owner.url` where it serves."""

    def __init__(self, place: Path, owner: Owner) -> None:
        self.owner = owner
        if owner.url:
            text = N_("{folder} is open in another Habitué (process {pid}), which serves {url}")
        else:
            text = N_("{folder} is in use by another Habitué (process {pid}). Wait until it is done.")
        super().__init__(text, folder=place, pid=owner.pid, url=owner.url)


class Lock:
    """Held until `release`, or until the process ends however it ends."""

    @classmethod
    def take(cls, place: Path) -> Lock:
        """Own the directory; raises `Busy` where another process does."""
        descriptor = os.open(place / NAME, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = _owner(os.read(descriptor, 4096))
            os.close(descriptor)
            raise Busy(place, owner) from None
        lock = cls(descriptor)
        lock.tell()
        return lock

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.url: str | None = None
        """Where the directory's owner serves, once it does."""

    def tell(self, url: str | None = None, token: str | None = None) -> None:
        """Write down who owns the directory and, while it serves, where."""
        self.url = url
        said = msgspec.json.encode(Owner(os.getpid(), url, token))
        os.truncate(self._descriptor, 0)
        os.pwrite(self._descriptor, said, 0)

    def release(self) -> None:
        """Let go of the directory."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Lock:
        return self

    def __exit__(self, *_: Any) -> None:
        self.release()


def _owner(said: bytes) -> Owner:
    try:
        return msgspec.json.decode(said, type=Owner)
    except msgspec.MsgspecError:
        return Owner(0)
