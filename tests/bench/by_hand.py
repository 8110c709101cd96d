"""The limit: what a person would send for the same checks, in turn on one connection."""

import sys

import psycopg2

STATEMENTS = (
    """
    SELECT COUNT(*),
           COUNT(*) - COUNT(year), COUNT(*) - COUNT(month), COUNT(*) - COUNT(day), COUNT(*) - COUNT(carrier),
           COUNT(*) - COUNT(flight), COUNT(*) - COUNT(dest),
           100.0 * (COUNT(*) - COUNT(tailnum)) / NULLIF(COUNT(*), 0),
           COUNT(*) FILTER (WHERE month < 1 OR month > 12), COUNT(*) FILTER (WHERE day < 1 OR day > 31),
           COUNT(*) FILTER (WHERE air_time < 20 OR air_time > 695),
           COUNT(*) FILTER (WHERE distance <= 0 OR distance > 5000),
           COUNT(*) FILTER (WHERE tailnum !~ '^N[0-9A-Z]{1,5}$'),
           COUNT(*) FILTER (WHERE origin NOT IN ('EWR', 'JFK', 'LGA'))
    FROM flights
    """,
    """
    SELECT COUNT(*) FROM (
        SELECT FROM flights GROUP BY year, month, day, carrier, flight, origin, sched_dep_time HAVING COUNT(*) > 1
    ) AS repeated
    """,
    *(
        f"SELECT COUNT(*) FROM flights c WHERE {here} IS NOT NULL"
        f" AND NOT EXISTS (SELECT FROM {parent} p WHERE p.{there} = c.{here})"
        for here, parent, there in (
            ("carrier", "airlines", "carrier"),
            ("tailnum", "planes", "tailnum"),
            ("dest", "airports", "faa"),
        )
    ),
)


def main(host: str, database: str, schema: str) -> None:
    """Send every statement and read its answer."""
    with psycopg2.connect(
        host=host, dbname=database, user="postgres", options=f"-c search_path={schema}"
    ) as connection:
        for statement in STATEMENTS:
            with connection.cursor() as cursor:
                cursor.execute(statement)
                cursor.fetchall()


if __name__ == "__main__":
    main(*sys.argv[1:4])
