"""How a person is called: `user:c-001` where a source numbers its customers, else `email:a@b.fr`."""

from __future__ import annotations


def bare(key: str) -> str:
    """The name as the source gave it, without its kind."""
    return key.partition(":")[2] or key


def spoken(name: str) -> tuple[str, ...]:
    """The keys that somebody who types this name may mean, the likeliest first."""
    plain = " ".join(name.split())
    folded = plain.casefold()
    return tuple(dict.fromkeys((name, plain, f"user:{folded}", f"email:{folded}", f"user:{plain}")))
