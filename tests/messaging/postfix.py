"""A throw-away Postfix from the system's package: on loopback, with its own configuration, queue and log.

What it takes it throws away; its log says which Message-IDs it took. A policy server of ours, which Postfix
asks about each recipient and at each mail's end, puts off, refuses or keeps it waiting.
"""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import socket
import socketserver
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Final

MAIN: Final = """
compatibility_level = 3.6
queue_directory = {place}/queue
data_directory = {place}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
meta_directory = /etc/postfix
shlib_directory = /usr/lib/postfix
mail_owner = {owner}
setgid_group = {group}
maillog_file = {place}/mail.log
maillog_file_prefixes = {place}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = relay.test
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
mynetworks = 127.0.0.0/8
default_transport = discard
relay_transport = discard
smtpd_peername_lookup = no
smtpd_recipient_restrictions = check_policy_service inet:127.0.0.1:{policy}, permit_mynetworks
smtpd_end_of_data_restrictions = check_policy_service inet:127.0.0.1:{policy}
smtpd_policy_service_timeout = 20s
"""
MASTER: Final = """
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""


def free() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@dataclass
class Policy:
    """What is said of recipients by their names, and of mails at their end."""

    asked: Counter[str] = field(default_factory=Counter)

    def answer(self, told: dict[str, str]) -> str:
        name = told.get("recipient", "").partition("@")[0]
        self.asked[name] += 1
        if told.get("protocol_state") == "RCPT":
            if name.startswith("grey") and self.asked[name] == 1:
                return "450 4.2.0 Greylisted, come again"
            if name.startswith("gone"):
                return "550 5.1.1 Nobody of that name"
            if name.startswith("full"):
                return "452 4.2.2 Mailbox full"
        elif name.startswith("spam"):
            return "554 5.7.1 Not with this text"
        return "DUNNO"


@dataclass
class Postfix:
    """A running one: `port` takes mails, `log` is its log."""

    port: int
    log: Path
    policy: Policy

    def taken(self) -> Counter[str]:
        """How often each Message-ID was taken."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return Counter(line.split("message-id=<")[1].rstrip(">") for line in lines if "message-id=<" in line)


def missing() -> str | None:
    """Why none can be run here; None where one can."""
    if shutil.which("postfix") is None:
        return "Postfix"
    return None if os.geteuid() == 0 else "root"


@contextmanager
def postfix() -> Iterator[Postfix]:
    """One that lives as long as the block; its daemons are the package's ordinary users'."""
    with tempfile.TemporaryDirectory(prefix="postfix") as name, policed() as (policy, asked):
        place, port = Path(name), free()
        place.chmod(0o755)
        (place / "queue").mkdir()
        (place / "data").mkdir()
        owner, group = pwd.getpwnam("postfix").pw_name, grp.getgrnam("postdrop").gr_name
        os.chown(place / "data", pwd.getpwnam("postfix").pw_uid, -1)
        config = place / "config"
        config.mkdir()
        told = {"place": place, "owner": owner, "group": group, "policy": asked, "port": port}
        (config / "main.cf").write_text(MAIN.format(**told))
        (config / "master.cf").write_text(MASTER.format(**told))
        subprocess.run(["postfix", "-c", config, "start"], check=True, capture_output=True)
        try:
            yield Postfix(port, place / "mail.log", policy)
        finally:
            subprocess.run(["postfix", "-c", config, "stop"], check=True, capture_output=True)


@contextmanager
def policed() -> Iterator[tuple[Policy, int]]:
    """The policy server, and its port."""
    policy = Policy()

    class Asked(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            told: dict[str, str] = {}
            for line in self.rfile:
                name, given, value = line.decode().rstrip("\n").partition("=")
                if given:
                    told[name] = value
                elif told:
                    self.wfile.write(f"action={policy.answer(told)}\n\n".encode())
                    told = {}

    socketserver.ThreadingTCPServer.allow_reuse_address = True
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Asked) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, daemon=True).start()
        yield policy, server.server_address[1]
        server.shutdown()
