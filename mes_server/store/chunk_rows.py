"""Rows of chunks and of what has been summed up from them."""

from sqlalchemy import Index, LargeBinary
from sqlmodel import Field, SQLModel

from mes_server.store.tables import CLUSTERED, partial_index, wide, wide_key


class ChunkRow(SQLModel, table=True):
    """Samples of one series within one hour of Unix time.

    `number` is 0 or less for parts of the merged hour, else the change that brought a small chunk.
    """

    __tablename__ = "chunk"
    __table_args__ = (partial_index("chunk_small", "series", "hour", where="number > 0"),)

    hour: int = wide_key()
    series: int = wide_key()
    number: int = wide_key()
    t_first: int = wide()
    t_last: int = wide()
    count: int
    late_count: int
    clock_worst: int
    received_first_ms: int = wide()
    received_last_ms: int = wide()
    blob: bytes = Field(sa_type=LargeBinary)


class ChunkDueRow(SQLModel, table=True):
    """An hour of a series that has small chunks, and when they are to be merged."""

    __tablename__ = "chunk_due"
    __table_args__ = (Index("chunk_due_time", "due_ms"),)

    series: int = wide_key()
    hour: int = wide_key()
    due_ms: int = wide()


class RollupRow(SQLModel, table=True):
    """What a merged hour (`level` 3600000) of a series comes to; its minutes in a blob (`level` 60000).

    `bad`: samples without a value, not in `count`. `label`: the last value of a series of texts, as JSON.
    """

    __tablename__ = "rollup"
    __table_args__ = CLUSTERED

    series: int = wide_key()
    level: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    t0: int = wide_key()
    count: int
    bad: int
    late: int
    low: float | None = None
    high: float | None = None
    total: float | None = None
    first: float | None = None
    last: float | None = None
    label: str | None = None
    blob: bytes | None = Field(default=None, sa_type=LargeBinary)
