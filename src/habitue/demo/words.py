"""The words of the shop, read from `shop.toml`."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any, Final

WORDS: Final[dict[str, Any]] = tomllib.loads(files("habitue.demo").joinpath("shop.toml").read_text("utf-8"))
