"""What kind of file this is: its format, encoding and fingerprint, found in one pass over its bytes."""

from __future__ import annotations

import codecs
import hashlib
import stat
import zipfile
import zlib
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

from msgspec import Struct

from habitue.ingest.files.packed import check
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_

Format = Literal["text", "xlsx", "parquet", "jsonl"]

PIECE: Final = 1 << 22
HEAD: Final = 1 << 20
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_PACKED: Final = (
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\xfd7zXZ", "xz"),
)
_CONTROL: Final = bytes(b for b in range(32) if b not in b"\0\t\n\r\f\x1b")


class Source(Struct, frozen=True):
    """A readable file: `digest` is the sha256 of its bytes, `head` its first megabyte.

    In a workbook the table is in `sheet`, its column names in the row of number `row`.
    """

    path: Path
    size: int
    format: Format
    encoding: str
    digest: str
    head: bytes
    sheet: str = ""
    row: int = 1

    @property
    def name(self) -> str:
        return self.path.name.encode("utf-8", "replace").decode()


def look(path: Path) -> Source:
    """Reads the whole file once. Raises `UserError` for what can't be read or is no table."""
    try:
        size = _regular(path)
        with path.open("rb") as stream:
            head = stream.read(HEAD)
        form = _format(path, head)
        digest, unicode = _scan(path)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UserError(N_("{path} can't be read: {reason}."), path=repr(str(path)), reason=reason) from error
    encoding = _encoding(head, unicode) if form == "text" else "utf-8"
    return Source(path, size, form, encoding, digest, head)


def _regular(path: Path) -> int:
    state = path.stat()
    if stat.S_ISDIR(state.st_mode):
        raise UserError(N_("{path} is a directory. Give the file inside it."), path=repr(str(path)))
    if not stat.S_ISREG(state.st_mode):
        raise UserError(N_("{path} is not an ordinary file. Save it as a file first."), path=repr(str(path)))
    if state.st_size == 0:
        raise UserError(N_("{path} is empty. Export it again."), path=repr(str(path)))
    return state.st_size


def _format(path: Path, head: bytes) -> Format:
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"PK\x03\x04"):
        return _sheet(path)
    for magic, name in _PACKED:
        if head.startswith(magic):
            raise UserError(
                N_("{path} is packed with {name}. Unpack it first."), path=repr(path.name), name=name
            )
    if head.startswith(b"%PDF-") or path.suffix.casefold() == ".pdf":
        raise UserError(
            N_("PDF can't be read. Export {path} as CSV or XLSX where it comes from."), path=repr(path.name)
        )
    if path.suffix.casefold() in (".xlsx", ".parquet"):
        text = N_("{path} is no {suffix} file, only called so. Export it again; if it is text, call it .csv.")
        raise UserError(text, path=repr(path.name), suffix=path.suffix[1:].upper())
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise UserError(N_("{path} is an old Excel file. Save it as .xlsx or CSV."), path=repr(path.name))
    return "jsonl" if head.removeprefix(codecs.BOM_UTF8).lstrip()[:1] == b"{" else "text"


def _sheet(path: Path) -> Format:
    try:
        with zipfile.ZipFile(path) as packed:
            entries = packed.infolist()
            if any(entry.filename == "xl/workbook.xml" for entry in entries):
                state = path.stat()
                _checked(path, state.st_size, state.st_mtime_ns)
                return "xlsx"
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        raise UserError(N_("{path} is damaged or cut short. Save it again."), path=repr(path.name)) from error
    raise UserError(N_("{path} is a zip archive. Unpack it first."), path=repr(path.name))


@lru_cache(maxsize=16)
def _checked(path: Path, size: int, _: int) -> None:
    """Look through a workbook once, however often it is looked at; raises `UserError`."""
    with zipfile.ZipFile(path) as packed:
        check(packed, repr(path.name), size)


def _scan(path: Path) -> tuple[str, bool]:
    """The digest, and whether all bytes are UTF-8: accents may come late, so the head is not enough."""
    digest, decoder, unicode = hashlib.sha256(), codecs.getincrementaldecoder("utf-8")(), True
    with path.open("rb") as stream:
        while piece := stream.read(PIECE):
            digest.update(piece)
            unicode = unicode and _decodes(decoder, piece)
    return digest.hexdigest(), unicode and _decodes(decoder, b"", last=True)


def _decodes(decoder: codecs.IncrementalDecoder, piece: bytes, last: bool = False) -> bool:
    try:
        decoder.decode(piece, last)
    except UnicodeDecodeError:
        return False
    return True


def _encoding(head: bytes, unicode: bool) -> str:
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    sample = head[:4096]
    for name, zeros in (("utf-16-le", sample[1::2]), ("utf-16-be", sample[0::2])):
        if zeros.count(0) * 10 > len(sample) * 4:
            return name
    if (
        len(sample) - len(sample.translate(None, _CONTROL)) > len(sample) // 20
        or sample.count(0) > len(sample) // 4
    ):
        raise UserError(N_("This is no table of text. Give a CSV, XLSX, Parquet or JSONL file."))
    return "utf-8" if unicode else "cp1252"
