"""A cell of a spreadsheet that stays text."""

from __future__ import annotations

from typing import Final

DANGEROUS: Final = tuple("=+-@\t\r\n\0＝＋－＠")


def safe(cell: str) -> str:
    """The cell as text that no spreadsheet runs as a formula (OWASP ASVS 1.2.10, CWE-1236)."""
    return "'" + cell if cell.startswith(DANGEROUS) else cell
