"""The numbers' tables: deltas as the cases move, folded now and then into totals.

A day is 2026-03-10 in Asia/Shanghai, "" for what is so now; a value is a count, or 分.
"""

from datetime import datetime

from sqlalchemy import BigInteger, Index
from sqlmodel import Field

from services.tracker.tables import Table
from shared.tables import BigId, UtcDateTime


class Delta(Table, table=True):
    """What one transaction added to a cell; no row is ever written twice, so nobody waits for anybody."""

    __tablename__ = "number_delta"

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    at: datetime = Field(sa_type=UtcDateTime)
    measure: str
    day: str
    agency: str
    region: str
    matter: str
    value: int = Field(sa_type=BigInteger)


class CellTotal(Table, table=True):
    """The total of a cell, for questions about more than one of agency, region and matter at once."""

    __tablename__ = "number_cell"
    __table_args__ = (
        Index("ix_number_cell_region", "region", "day"),
        Index("ix_number_cell_matter", "matter", "day"),
        {"sqlite_with_rowid": False},
    )

    agency: str = Field(primary_key=True)
    day: str = Field(primary_key=True)
    region: str = Field(primary_key=True)
    matter: str = Field(primary_key=True)
    measure: str = Field(primary_key=True)
    value: int = Field(sa_type=BigInteger)


class SideTotal(Table, table=True):
    """The total by day, of all together or by one `dimension` alone (agency, region or matter) and its `code`."""

    __tablename__ = "number_side"
    __table_args__ = (Index("ix_number_side_day", "dimension", "day"), {"sqlite_with_rowid": False})

    dimension: str = Field(primary_key=True)
    code: str = Field(primary_key=True)
    day: str = Field(primary_key=True)
    measure: str = Field(primary_key=True)
    value: int = Field(sa_type=BigInteger)


class MonthTotal(Table, table=True):
    """The same by `month`, 2026-03; "" for what is so now."""

    __tablename__ = "number_month"
    __table_args__ = (Index("ix_number_month_month", "dimension", "month"), {"sqlite_with_rowid": False})

    dimension: str = Field(primary_key=True)
    code: str = Field(primary_key=True)
    month: str = Field(primary_key=True)
    measure: str = Field(primary_key=True)
    value: int = Field(sa_type=BigInteger)


class Running(Table, table=True):
    """The same over all days up to `Through`, and of what is so now: what a scrape reads, however long it has run."""

    __tablename__ = "number_running"
    __table_args__ = ({"sqlite_with_rowid": False},)

    dimension: str = Field(primary_key=True)
    code: str = Field(primary_key=True)
    measure: str = Field(primary_key=True)
    value: int = Field(sa_type=BigInteger)


class Through(Table, table=True):
    """The last day that the running totals hold; limits that lie later wait in the totals by day. One row."""

    __tablename__ = "number_through"

    id: int = Field(default=1, primary_key=True, sa_column_kwargs={"autoincrement": False})
    day: str
