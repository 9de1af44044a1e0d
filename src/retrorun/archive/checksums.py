"""A checksum of every row of the database, so that a row that changed by itself is found.

SQLite keeps no checksums. The table ``sums`` holds one of every row of every other table, under a
checksum of the row's primary key. Temporary triggers of our own connections write them together
with the row, so no statement can forget to, and a row that was changed, added or removed by
anything else does not agree with its checksum.
"""

import hashlib
import sqlite3
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

SUMS = "sums"
Value = None | int | float | bytes | str


class Table(msgspec.Struct, frozen=True):
    """A table and its columns.

    Attributes:
        name: of the table.
        kinds: column → ``TEXT``, ``INTEGER``, ``REAL`` or ``BLOB``, in the table's order.
        key: names of the primary key's columns; all columns where there is none.
    """

    name: str
    kinds: Mapping[str, str]
    key: tuple[str, ...]

    def values(self, columns: Iterable[str], prefix: str = "") -> str:
        """SQL expressions of columns with exact values: text as its bytes, a real as a real."""
        cast = {"TEXT": "BLOB", "REAL": "REAL"}
        return ", ".join(
            f"CAST({prefix}{name} AS {cast[kind]})" if kind in cast else f"{prefix}{name}"
            for name in columns
            for kind in (self.kinds[name],)
        )


class WrongRow(msgspec.Struct, frozen=True):
    """A row that does not agree with its checksum.

    Attributes:
        table: where it stands.
        key: values of its primary key; empty where the row is missing.
    """

    table: str
    key: tuple[Value, ...]


def row_sum(*values: Value) -> int:
    """64 bits of BLAKE2b over values with their types, as a signed integer."""
    digest = hashlib.blake2b(digest_size=8)
    for value in values:
        kind, raw = _bytes(value)
        digest.update(b"%s%d:" % (kind, len(raw)))
        digest.update(raw)
    return int.from_bytes(digest.digest(), "big", signed=True)


def _bytes(value: Value) -> tuple[bytes, bytes]:
    if value is None:
        return b"n", b""
    if isinstance(value, float):
        return b"r", struct.pack(">d", value + 0.0)  # SQLite keeps no sign of zero
    if isinstance(value, int):
        return b"i", str(value).encode()
    return b"b", value.encode() if isinstance(value, str) else value


def tables(connection: sqlite3.Connection) -> list[Table]:
    """All tables that have checksums, by name."""
    names = connection.execute(
        "SELECT name FROM main.sqlite_schema WHERE type = 'table' "
        "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name <> ? ORDER BY name",
        (SUMS,),
    ).fetchall()
    return [_table(connection, name) for (name,) in names]


def _table(connection: sqlite3.Connection, name: str) -> Table:
    rows = connection.execute("SELECT name, type, pk FROM pragma_table_info(?)", (name,)).fetchall()
    ranked = sorted((rank, column) for column, _, rank in rows if rank)
    kinds = {column: kind for column, kind, _ in rows}
    return Table(name, kinds, tuple(column for _, column in ranked) or tuple(kinds))


OnChange = Callable[..., None]


def watch(connection: sqlite3.Connection, kept: Iterable[str], on_change: OnChange) -> None:
    """Keep the checksums of all rows that this connection writes from now on.

    Args:
        connection: gets temporary triggers.
        kept: tables whose changes are also reported.
        on_change: is called with a table's name, ``put`` or ``gone``, and the row's values.
    """
    connection.create_function("row_sum", -1, row_sum, deterministic=True)
    connection.create_function("on_change", -1, on_change)
    connection.execute("PRAGMA recursive_triggers = ON")  # a row that is replaced goes, too
    wanted = set(kept)
    with connection:  # all of them or none
        connection.execute("BEGIN")
        for table in tables(connection):
            for statement in _triggers(table, note=table.name in wanted):
                connection.execute(statement)


def _triggers(table: Table, *, note: bool) -> Iterator[str]:
    name, columns = table.name, tuple(table.kinds)
    put = (
        f"INSERT OR REPLACE INTO {SUMS} VALUES ('{name}', {_sum(table, table.key, 'new.')}, "  # noqa: S608 - our own
        f"{_sum(table, columns, 'new.')});"
    )
    gone = (
        f"DELETE FROM {SUMS} WHERE name = '{name}' "  # noqa: S608 - our own
        f"AND key = {_sum(table, table.key, 'old.')};"
    )
    if note:
        put += f"SELECT on_change('{name}', 'put', {table.values(columns, 'new.')});"
        gone += f"SELECT on_change('{name}', 'gone', {table.values(columns, 'old.')});"
    for event, body in (("INSERT", put), ("UPDATE", gone + put), ("DELETE", gone)):
        trigger = f"CREATE TEMP TRIGGER sum_{event}_{name} AFTER {event} ON main.{name}"
        yield f"{trigger} BEGIN {body} END"


def _sum(table: Table, columns: Iterable[str], prefix: str = "") -> str:
    return f"row_sum('{table.name}', {table.values(columns, prefix)})"


def fill(connection: sqlite3.Connection) -> None:
    """Compute the checksums of all rows as they are, in a transaction of the caller."""
    connection.create_function("row_sum", -1, row_sum, deterministic=True)
    connection.execute(f"DELETE FROM {SUMS}")  # noqa: S608 - our own
    for table in tables(connection):
        both = f"{_sum(table, table.key)}, {_sum(table, table.kinds)}"
        connection.execute(f"INSERT INTO {SUMS} SELECT '{table.name}', {both} FROM {table.name}")  # noqa: S608


def wrong_rows(connection: sqlite3.Connection) -> Iterator[WrongRow]:
    """Every row without its checksum, and every checksum without its row.

    Raises:
        sqlite3.Error: the database is so damaged that a table cannot be read.
    """
    for table in tables(connection):
        known = sums_of(connection, table.name)
        size = len(table.key)
        columns = f"{table.values(table.key)}, {table.values(table.kinds)}"
        for row in connection.execute(f"SELECT {columns} FROM main.{table.name}"):  # noqa: S608
            key = row_sum(table.name, *row[:size])
            if known.pop(key, None) != row_sum(table.name, *row[size:]):
                yield WrongRow(table.name, row[:size])
        yield from (WrongRow(table.name, ()) for _ in known)
    names = [table.name for table in tables(connection)]
    marks = ", ".join("?" * len(names))
    for (name,) in connection.execute(
        f"SELECT name FROM {SUMS} WHERE name NOT IN ({marks})",  # noqa: S608 - marks only
        names,
    ):
        yield WrongRow(str(name), ())


def sums_of(connection: sqlite3.Connection, table: str) -> dict[int, int]:
    """Checksum of the key → checksum of the row, of one table."""
    return dict(connection.execute(f"SELECT key, sum FROM {SUMS} WHERE name = ?", (table,)))  # noqa: S608
