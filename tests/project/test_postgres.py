from __future__ import annotations

import psycopg

from tests import postgres


def test_each_test_gets_a_postgresql_database_of_its_own(postgresql: postgres.Server) -> None:
    for name in ("one", "two"):
        url = postgresql.database(name).replace("+psycopg", "")
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE thing (n int)")
