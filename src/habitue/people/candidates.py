"""Who is to be compared with whom: one record a customer, and the pairs that share something telling.

A pair is looked at when the two share one of their marks: a phone number, an e-mail address with one letter
left out of it (so that one slip of the finger is found wherever it is), a name with a birthday, a town or a
street. A mark that many share tells nothing and is passed over, which also bounds the number of pairs.
"""

from __future__ import annotations

from typing import Final

from habitue.store.scratch import Scratch
from habitue.store.warehouse import Warehouse

CROWD: Final = 30
"""What more customers than this have in common is no mark of theirs."""

_TRAITS: Final = {
    "first": ("firstName", "first_name", "given_name"),
    "last": ("lastName", "last_name", "family_name"),
    "whole": ("name", "fullName", "full_name"),
    "email": ("email",),
    "phone": ("phone", "mobile", "phoneNumber", "phone_number"),
    "street": ("address.street", "address.address1", "address.line1", "street", "address"),
    "postcode": (
        *("address.postalCode", "address.postal_code", "address.postcode", "address.zip"),
        *("postcode", "postal_code", "postalCode", "zip"),
    ),
    "city": ("address.city", "city", "town"),
    "birthday": ("birthday", "birthDate", "birth_date", "dateOfBirth", "date_of_birth"),
}
"""Under which names a customer's particulars come in."""


def _latest(names: tuple[str, ...]) -> str:
    among = ", ".join(f"'trait.{name}'" for name in names)
    return f"arg_max(value ->> '$', (rank, ts, seq)) FILTER (name IN ({among}))"


def _words(field: str) -> str:
    """The words of a text without accents, capitals and signs."""
    return f"trim(array_to_string(words_of({field}), ' '))"


_RECORDS: Final = f"""
    WITH told AS (
        SELECT person, {", ".join(f"{_latest(names)} AS {field}" for field, names in _TRAITS.items())}
        FROM said WHERE name IN ({", ".join(f"'trait.{n}'" for names in _TRAITS.values() for n in names)})
        GROUP BY person
    ), reach AS (
        SELECT coalesce(merged.person, node) AS person,
            min(key[7:]) FILTER (starts_with(key, 'email:')) AS email,
            min(key[7:]) FILTER (starts_with(key, 'phone:')) AS phone
        FROM node LEFT JOIN merged USING (node)
        WHERE starts_with(key, 'email:') OR starts_with(key, 'phone:') GROUP BY ALL
    ), given AS (
        SELECT person, {_words("first")} AS first, {_words("last")} AS last, {_words("whole")} AS whole,
            lower(trim(coalesce(told.email, reach.email))) AS email,
            digits_of(coalesce(told.phone, reach.phone)) AS phone, {_words("street")} AS street,
            upper(regexp_replace(postcode, '[^0-9A-Za-z]', '', 'g')) AS postcode,
            {_words("city")} AS city, birthday[:10] AS birthday
        FROM told FULL JOIN reach USING (person)
    ), cut AS (
        SELECT person, nullif(coalesce(first, regexp_extract(whole, '^([^ ]+) .', 1)), '') AS given,
            nullif(coalesce(last, regexp_replace(whole, '^[^ ]+ ', '')), '') AS family,
            CASE WHEN email LIKE '%_@_%' THEN email END AS email,
            CASE WHEN length(phone) >= 8 THEN phone[-9:] END AS phone,
            nullif(street, '') AS street, nullif(postcode, '') AS postcode, nullif(city, '') AS city,
            CASE WHEN length(birthday) = 10 THEN birthday END AS birthday
        FROM given SEMI JOIN person USING (person)
    )
    SELECT *, given || ' ' || family AS name,
        regexp_replace(split_part(split_part(email, '@', 1), '+', 1), '[._-]', '', 'g') AS local,
        regexp_replace(split_part(email, '@', 1), '[^0-9]', '', 'g') AS digits,
        coalesce(local LIKE '%' || replace(given, ' ', '') || '%', false)
        AND coalesce(local LIKE '%' || replace(family, ' ', '') || '%', false) AS own
    FROM cut WHERE coalesce(given, family, email, phone) IS NOT NULL ORDER BY person
"""

_MARKS: Final = (
    """
    CREATE TABLE mark AS SELECT person, hash(unnest(list_distinct(list_filter([
        'phone ' || phone, 'name ' || pair, 'born ' || pair || birthday, 'town ' || pair || city,
        'post ' || pair || postcode, 'home ' || postcode || street, 'home ' || street || city,
        'family ' || family || postcode, 'local ' || local,
        'start ' || birthday || left(given, 1) || left(family, 1),
        'start ' || birthday || left(family, 1) || left(given, 1)
    ] || list_transform(
        range(0, coalesce(length(email), -1) + 1), lambda i: 'email ' || email[:i] || email[i + 2:]),
    lambda one: one IS NOT NULL)))) AS mark
    FROM (
        SELECT *, CASE WHEN given <= family THEN name ELSE family || ' ' || given END AS pair
        FROM records
    )
    """,
    f"""
    CREATE TABLE telling AS SELECT person, mark FROM mark SEMI JOIN (
        SELECT mark FROM mark GROUP BY mark HAVING count(*) BETWEEN 2 AND {CROWD}
    ) USING (mark)
    """,
    "DROP TABLE mark",
    """
    CREATE TABLE pairs AS SELECT DISTINCT '0' AS match_key, a.person AS join_key_l, b.person AS join_key_r
    FROM telling a JOIN telling b ON a.mark = b.mark AND a.person < b.person
    """,
    "DROP TABLE telling",
)


def gather(warehouse: Warehouse, base: Scratch) -> int:
    """Make the tables `records` and `pairs` in the scratch database; how many pairs there are.

    A record has no accents and no capitals. `digits` are those of the e-mail address, where another one is
    another address and no slip; an address is their `own` where it spells their name: two names that differ
    by a letter, each with its own address, are two people.
    """
    arriving = warehouse.read(_RECORDS)
    base.register("arriving", arriving)
    base.execute("CREATE TABLE records AS FROM arriving")
    base.unregister("arriving")
    for statement in _MARKS:
        base.execute(statement)
    return int(base.execute("SELECT count(*) FROM pairs").fetchall()[0][0])
