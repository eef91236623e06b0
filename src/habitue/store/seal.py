"""Seals what must be read again but never lie open: with a key beside the database, not in it."""

from __future__ import annotations

import hmac
import os
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, NamedTuple

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_

NAME: Final = "secret.key"

_BLOCK: Final = 64
"""Bytes that SHA-256 takes at once."""


def stamp(key: bytes, start: bytes, told: bytes) -> bytes:
    """HMAC-SHA-256 (RFC 2104) of `start` and what is `told`; what is the same each time is hashed once.

    A mail has a dozen of them: `hmac.digest` begins anew each time, and lets another thread go first.
    """
    first, last = _padded(key, start)
    inner, outer = first.copy(), last.copy()
    inner.update(told)
    outer.update(inner.digest())
    mark: bytes = outer.digest()
    return mark


@lru_cache(maxsize=256)
def _padded(key: bytes, start: bytes) -> tuple[Any, Any]:
    block = (sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
    return sha256(bytes(one ^ 0x36 for one in block) + start), sha256(bytes(one ^ 0x5C for one in block))


class Marks(NamedTuple):
    """Keyed hashes: the first key makes them, each of them knows them again."""

    keys: tuple[bytes, ...]

    def made(self, told: bytes) -> str:
        """The hash of this."""
        return stamp(self.keys[0], b"", told).hex()

    def right(self, told: bytes, mark: str) -> bool:
        """Whether that is the hash of this."""
        known = mark.encode("utf-8", "surrogatepass")
        return any(
            hmac.compare_digest(hmac.digest(key, told, "sha256").hex().encode(), known) for key in self.keys
        )


class Seal:
    """The key file of a workspace; the first key in it seals, each of them opens."""

    def __init__(self, place: Path) -> None:
        self._path = place / NAME

    def close(self, text: str) -> str:
        """The text sealed."""
        return self._keys().encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """The text again. Raises `UserError` where the key file is not the one that sealed it."""
        try:
            return self._keys().decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            raise UserError(
                N_("{path} is not the key that sealed this. Put back the copy that belongs to the database."),
                path=self._path,
            ) from error

    def turn(self) -> None:
        """Put a new key first; what was sealed with the others can still be read, and sealed anew."""
        self._keys()
        self._write([Fernet.generate_key().decode(), *self._path.read_text("ascii").split()])

    def anew(self, sealed: str) -> str:
        """The same sealed with the first key."""
        return self.close(self.open(sealed))

    def marks(self) -> Marks:
        """What hashes with the keys, each of which serves for this alone."""
        return Marks(tuple(sha256(b"marks:" + key.encode()).digest() for key in self._read()))

    def _keys(self) -> MultiFernet:
        return MultiFernet([Fernet(key) for key in self._read()])

    def _read(self) -> list[str]:
        if not self._path.exists():
            self._write([Fernet.generate_key().decode()])
        return self._path.read_text("ascii").split()

    def _write(self, keys: list[str]) -> None:
        made = self._path.with_suffix(".new")
        descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write("\n".join(keys) + "\n")
            file.flush()
            os.fsync(file.fileno())
        made.replace(self._path)
