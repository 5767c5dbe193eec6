"""Create the sample tables in the demo's warehouse."""

from __future__ import annotations

import sys
from datetime import date, datetime, timedelta

import snowflake.connector

ACCOUNTS = 40
PROFILES = 400
INDUSTRIES = ("Banking", "Chemicals", "Education", "Energy", "Retail")
FIRST_NAMES = ("Ada", "Alan", "Barbara", "Edsger", "Grace", "Ken", "Margaret", "Tim")
LAST_NAMES = ("Lovelace", "Turing", "Liskov", "Dijkstra", "Hopper", "Thompson", "Hamilton", "Lee")

TABLES = """
create database DEMO;
create schema DEMO.CRM;
create table DEMO.CRM.ACCOUNTS (
    ID varchar primary key, NAME varchar, INDUSTRY varchar, NUMBER_OF_EMPLOYEES integer
);
create table DEMO.CRM.CUSTOMER_PROFILES (
    ID varchar primary key, ACCOUNT_ID varchar, FIRST_NAME varchar, LAST_NAME varchar,
    EMAIL varchar, PHONE varchar, BIRTHDATE date, UPDATED_AT timestamp_ntz
)
"""


def accounts() -> list[tuple[object, ...]]:
    """Companies."""
    return [
        (f"ACC-{n:04}", f"Company {n}", INDUSTRIES[n % len(INDUSTRIES)], 10 * n)
        for n in range(1, ACCOUNTS + 1)
    ]


def profiles() -> list[tuple[object, ...]]:
    """People of those companies: one without a last name, one with an invalid email address."""
    rows = []
    for n in range(1, PROFILES + 1):
        first, last = FIRST_NAMES[n % 8], LAST_NAMES[(n // 8) % 8]
        email = f"{first}.{last}.{n}@example.com".lower()
        rows.append(
            (
                f"CUST-{n:05}",
                f"ACC-{n % ACCOUNTS + 1:04}",
                first,
                None if n == 123 else last,
                "not an address" if n == 321 else email,
                f"+1 555 {n:04}",
                date(1960, 1, 1) + timedelta(days=37 * n),
                datetime(2026, 1, 1, 8) + timedelta(minutes=n),
            )
        )
    return rows


def main(port: int) -> None:
    """Create and fill the tables."""
    with snowflake.connector.connect(
        user="demo", password="demo", account="fakesnow", host="localhost", port=port,
        protocol="http",
    ) as connection:  # fmt: skip
        cursor = connection.cursor()
        for statement in TABLES.split(";"):
            cursor.execute(statement)
        for table, rows in (("ACCOUNTS", accounts()), ("CUSTOMER_PROFILES", profiles())):
            marks = ", ".join(["%s"] * len(rows[0]))
            cursor.executemany(f"insert into DEMO.CRM.{table} values ({marks})", rows)
            print(f"    {table.lower()}: {len(rows)} rows")


if __name__ == "__main__":
    main(int(sys.argv[1]))
