"""Seals what must be read again but never lie open: with a key beside the database, not in it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_

NAME: Final = "secret.key"


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

    def _keys(self) -> MultiFernet:
        if not self._path.exists():
            self._write([Fernet.generate_key().decode()])
        return MultiFernet([Fernet(key) for key in self._path.read_text("ascii").split()])

    def _write(self, keys: list[str]) -> None:
        made = self._path.with_suffix(".new")
        descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write("\n".join(keys) + "\n")
            file.flush()
            os.fsync(file.fileno())
        made.replace(self._path)
