"""Who belongs to which account, from when until when: read from the events that name one.

A person belongs to an account from the first of their events that names it. A `group` call whose traits say
`"left": true` ends that; a later event that names the account begins it anew.
"""

from __future__ import annotations

from typing import Final

GROUP: Final = "$group"
"""What a `group` call is called in the log."""

_LEFT: Final = f"""code = (SELECT code FROM event_name WHERE name = '{GROUP}')
    AND CAST(json_extract(props, '$.left') AS VARCHAR) = 'true'"""


def ties(where: str, rows: str = "event") -> str:
    """The query for `(person, account, since, until)`, `until` NULL while it lasts, of the rows `where`.

    `where` must leave or take all rows of a pair.
    """
    return f"""
        SELECT person, account, ts AS since, until FROM (
            SELECT *, lead(ts) OVER pair AS until FROM (
                SELECT *, lag(gone, 1, true) OVER pair AS was FROM (
                    SELECT person, account, ts, seq, coalesce(CASE WHEN {_LEFT} THEN true END, false) AS gone
                    FROM {rows} WHERE {where} AND person IS NOT NULL AND account IS NOT NULL
                ) WINDOW pair AS (PARTITION BY person, account ORDER BY ts, seq)
            ) WHERE gone <> was WINDOW pair AS (PARTITION BY person, account ORDER BY ts, seq)
        ) WHERE NOT gone AND (until IS NULL OR since < until)"""
