"""What one advice takes in PostgreSQL: its row, column by column, and its part of the indexes.

    .venv/bin/python -m benchmarks.advice_bytes [--athletes 1000] [--days 60]

Goal: <= 1.3 KB a row. 10,000 athletes for three years are 11 million rows.
"""

from __future__ import annotations

import argparse
import sys

from benchmarks.servers import prepared, verdict

GOAL_BYTES = 1_300


def sizes(url: str) -> tuple[float, float, float, list[tuple[str, float]]]:
    """Bytes of a row, of its part of the table's pages and of the indexes, and the average of each column."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM FULL recommendations_advice")
        query = "SELECT attname FROM pg_attribute WHERE attrelid = 'recommendations_advice'::regclass AND attnum > 0"
        names = [name for (name,) in connection.execute(query + " AND NOT attisdropped").fetchall()]
        averages = ", ".join(f'coalesce(avg(pg_column_size("{name}")), 0)' for name in names)
        columns = connection.execute(f"SELECT {averages} FROM recommendations_advice").fetchone() or ()
        whole = connection.execute(
            "SELECT avg(pg_column_size(advice.*)), pg_table_size('recommendations_advice') / count(*),"
            " pg_indexes_size('recommendations_advice') / count(*) FROM recommendations_advice advice"
        ).fetchone()
    assert whole is not None
    row, in_pages, in_indexes = map(float, whole)
    by_size = sorted(zip(names, map(float, columns), strict=True), key=lambda pair: -pair[1])
    return row, in_pages, in_indexes, by_size


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--athletes", type=int, default=1_000)
    parser.add_argument("--days", type=int, default=60)
    given = parser.parse_args()
    with prepared("postgres") as ground:
        ground.inside("nightly", "fill", "--athletes", given.athletes, "--days", given.days)
        ground.inside("nightly", "ring", "--athletes", given.athletes)
        ground.inside("nightly", "drain")
        row, in_pages, in_indexes, columns = sizes(ground.url)
    print("  " + ", ".join(f"{name} {size:.0f}" for name, size in columns if size >= 10))
    print(f"an advice: {row:,.0f} bytes a row   goal <= {GOAL_BYTES:,}   {verdict(row <= GOAL_BYTES)}")
    print(f"           {in_pages:,.0f} in the table's pages, {in_indexes:,.0f} in the indexes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
