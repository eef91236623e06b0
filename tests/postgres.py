"""A throw-away PostgreSQL from the system's package, on a socket in a temporary folder."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

SAFE_TO_LOSE = "-c listen_addresses= -c fsync=off -c full_page_writes=off -c max_connections=60"


def programs() -> Path | None:
    """The folder of `initdb` and `pg_ctl`, the newest where there are several; None without PostgreSQL."""
    packaged = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    found = packaged[-1] if packaged else shutil.which("initdb")
    return Path(found).parent if found else None


class Server:
    """A running PostgreSQL; `database(name)` makes an empty database and gives its URL."""

    def __init__(self, socket: Path) -> None:
        self.socket = socket
        self.moulded = False

    def database(self, name: str, like: str = "template0") -> str:
        """The same as a copy of the one named `like`, which nobody may be connected to."""
        with psycopg.connect(host=str(self.socket), user="postgres", autocommit=True) as admin:
            admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{like}" ENCODING \'UTF8\'')
        return f"postgresql+psycopg://postgres@/{name}?host={self.socket}"


@contextmanager
def server(bin_folder: Path) -> Iterator[Server]:
    """A PostgreSQL that lives as long as the block, owned by an ordinary user as it insists on."""
    with tempfile.TemporaryDirectory(prefix="pg") as name:
        folder = Path(name)
        owner = _owner(folder)
        data = folder / "data"
        _run(
            owner,
            bin_folder / "initdb",
            "-U",
            "postgres",
            "-A",
            "trust",
            "-N",
            "-E",
            "UTF8",
            "--locale=C",
            data,
        )
        options = f"-k {folder} {SAFE_TO_LOSE}"
        _run(owner, bin_folder / "pg_ctl", "start", "-w", "-D", data, "-l", folder / "log", "-o", options)
        try:
            yield Server(folder)
        finally:
            _run(owner, bin_folder / "pg_ctl", "stop", "-w", "-m", "immediate", "-D", data)


def _owner(folder: Path) -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam("postgres")
    os.chown(folder, user.pw_uid, user.pw_gid)
    folder.chmod(0o755)  # the tests, as root or not, connect to the socket in it
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _run(owner: dict[str, Any], *command: str | Path) -> None:
    subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL, **owner)
