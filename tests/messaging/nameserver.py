"""A name server on this machine that answers what it is told to, over UDP."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Thread

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

Zone = Mapping[tuple[str, str], list[str]]
"""By name and type what stands there, as in a zone file; ["broken"] is answered as a failure."""


@contextmanager
def nameserver(zone: Zone) -> Iterator[str]:
    """Where it listens, as `127.0.0.1:5353`."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        thread = Thread(target=_serve, args=(listening, zone), daemon=True)
        thread.start()
        yield f"127.0.0.1:{listening.getsockname()[1]}"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ending:
            ending.sendto(b"", listening.getsockname())
        thread.join()


def _serve(listening: socket.socket, zone: Zone) -> None:
    while True:
        raw, asker = listening.recvfrom(4096)
        if not raw:
            return
        listening.sendto(answered(dns.message.from_wire(raw), zone).to_wire(), asker)


def answered(asked: dns.message.Message, zone: Zone) -> dns.message.Message:
    reply = dns.message.make_response(asked)
    reply.flags |= dns.flags.AA
    (question,) = asked.question
    name, kind = str(question.name).rstrip("."), question.rdtype.name
    found = zone.get((name, kind))
    if found == ["broken"]:
        reply.set_rcode(dns.rcode.SERVFAIL)
    elif found:
        reply.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *found))
    elif all(one != name for one, _ in zone):
        reply.set_rcode(dns.rcode.NXDOMAIN)
    return reply
