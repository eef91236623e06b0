"""The companies that some customers buy for: hotels, cafés, offices."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa

from habitue.demo import frame
from habitue.demo.frame import Ints, Texts
from habitue.demo.people import People
from habitue.demo.season import Season
from habitue.demo.words import WORDS
from habitue.kernel.clock import MINUTE, moment


def keys(people: People) -> Texts:
    """The account key of each company."""
    return pa.array(
        [f"account:b-{firm + 1:03}" for firm in range(int(people.account.max(initial=-1)) + 1)], pa.string()
    )


def joined(rng: np.random.Generator, season: Season, people: People, born: Ints) -> pa.Table:
    """Each member joins their company a minute after we meet them and brings its traits along."""
    who = np.flatnonzero(people.account >= 0)
    year = moment(season.until).year + 1
    traits = pa.array([_traits(rng, firm, year) for firm in range(len(keys(people)))], pa.string())
    return frame.events("$group", who, born[who] + MINUTE, frame.pick(traits, people.account[who]))


def _traits(rng: np.random.Generator, firm: int, year: int) -> str:
    company = WORDS["company"][firm % len(WORDS["company"])]
    city = WORDS["city"][int(rng.integers(0, 16))]["name"]
    fields = {
        "name": company["name"] if firm < len(WORDS["company"]) else f"{company['name']} ({city})",
        "industry": company["industry"],
        "employees": int(rng.lognormal(2.8, 0.9)) + 2,
        "city": city,
        "plan": ("Essentiel", "Pro", "Sur mesure")[int(rng.choice(3, p=[0.5, 0.4, 0.1]))],
        "renewal": f"{year}-{int(rng.integers(1, 13)):02}-01",
    }
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
