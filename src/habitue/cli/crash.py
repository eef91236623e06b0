"""A defect leaves a file that can be sent to the makers."""

from __future__ import annotations

import os
import platform
import tempfile
import traceback

from habitue import __version__


def report(error: BaseException) -> str:
    """Write the traceback, without any values, to a file that only its owner reads; give its path."""
    handle, path = tempfile.mkstemp(prefix="habitue-defect-", suffix=".txt")
    with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(f"habitue {__version__}, Python {platform.python_version()}, {platform.platform()}\n")
        file.writelines(traceback.format_exception(error))
    return path
