"""Signs mails so that nobody can change them on the way unseen (RFC 6376, RFC 8463).

Our own code and not the package `dkimpy`: that comes only as a source archive, which has to be built to be
installed and so can't be locked by the hash of a wheel like all else here. What it would have to do is this
page: the two canonical forms, a hash, a signature.
"""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_

_SIGNED: Final = (
    *("from", "to", "subject", "date", "message-id", "mime-version", "content-type", "reply-to"),
    *("content-transfer-encoding", "list-unsubscribe", "list-unsubscribe-post"),
)
_FOLD: Final = re.compile(rb"\r\n(?=[ \t])")
_BLANKS: Final = re.compile(rb"[ \t]+")
_SHORTEST: Final = 1024


class Signer:
    """Signs for one domain with one key: RSA, which everybody checks, or Ed25519, which few do yet."""

    def __init__(self, domain: str, selector: str, pem: str) -> None:
        self._key = _key(pem)
        kind = "rsa" if isinstance(self._key, RSAPrivateKey) else "ed25519"
        self._start = f"v=1; a={kind}-sha256; c=relaxed/simple; d={domain}; s={selector}"

    def signed(self, mail: bytes) -> bytes:
        """The mail with its signature in front."""
        head, _, body = mail.partition(b"\r\n\r\n")
        # An empty body is one empty line, and of those at the end but one counts.
        digest = b64encode(sha256(body.rstrip(b"\r\n") + b"\r\n").digest()).decode()
        found = _fields(head)
        names = [name for name in _SIGNED if name in found]
        # Named once more than it is there: nobody can add another.
        told = f"{self._start}; h={':'.join([*names, 'from'])}; bh={digest}; b="
        lines = [_relaxed(name.encode(), found[name]) for name in names]
        signing = b"\r\n".join([*lines, b"dkim-signature:" + told.encode()])
        mark = b64encode(self._sign(signing)).decode()
        parts = "\r\n ".join(mark[start : start + 70] for start in range(0, len(mark), 70))
        folded = told.replace("; ", ";\r\n ")
        return f"DKIM-Signature: {folded}{parts}\r\n".encode() + mail

    def _sign(self, told: bytes) -> bytes:
        if isinstance(self._key, RSAPrivateKey):
            return self._key.sign(told, PKCS1v15(), hashes.SHA256())
        return self._key.sign(sha256(told).digest())

    @property
    def record(self) -> str:
        """What has to stand in DNS under `selector._domainkey.domain`."""
        public = self._key.public_key()
        if isinstance(self._key, RSAPrivateKey):
            form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
            return f"v=DKIM1; k=rsa; p={b64encode(public.public_bytes(*form)).decode()}"
        raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return f"v=DKIM1; k=ed25519; p={b64encode(raw).decode()}"


def _key(pem: str) -> RSAPrivateKey | Ed25519PrivateKey:
    try:
        key = serialization.load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise UserError(N_("That is no private key in PEM that is open to read.")) from error
    if isinstance(key, Ed25519PrivateKey) or (isinstance(key, RSAPrivateKey) and key.key_size >= _SHORTEST):
        return key
    raise UserError(N_("Mails are signed with an RSA key of 1,024 bits or more, or an Ed25519 key."))


def _fields(head: bytes) -> dict[str, bytes]:
    """The last header of each name, unfolded."""
    lines = _FOLD.sub(b"", head).split(b"\r\n")
    pairs = (line.partition(b":") for line in lines)
    return {name.decode("ascii").lower(): value for name, _, value in pairs}


def _relaxed(name: bytes, value: bytes) -> bytes:
    return name + b":" + _BLANKS.sub(b" ", value).strip()
