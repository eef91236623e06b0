"""Memory that is freed goes back to the system: what loads leave in heaps would else only ever grow."""

from __future__ import annotations

import ctypes
from contextlib import suppress
from typing import Final

import pyarrow as pa

_LARGE: Final = 32 << 20
"""Bytes; what is as large is asked of the system by itself, and given back as soon as it is freed. Much
less, and a load asks the system so often that it takes half as long again."""

_OPTIONS: Final = {-8: 2, -3: _LARGE, -1: 2 * _LARGE}
"""Of glibc's `mallopt`: two heaps for all threads (`M_ARENA_MAX`) instead of eight a core, each with its own
leftovers; from which size on (`M_MMAP_THRESHOLD`, which else grows with what is freed); and how much may stay
free at a heap's end (`M_TRIM_THRESHOLD`)."""


def thrifty() -> None:
    """Have this process keep no more than it uses. To be called before its threads begin; they need not wait
    for each other, as next to all they do is Python's, which has heaps of its own.
    """
    with suppress(OSError, AttributeError):  # other systems' C libraries have no such options
        mallopt = ctypes.CDLL(None).mallopt
        for option, value in _OPTIONS.items():
            mallopt(option, value)
    pa.set_memory_pool(pa.system_memory_pool())
