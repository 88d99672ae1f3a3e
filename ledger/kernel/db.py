"""The database: one engine set-up, one way to open a unit of work, one refusal to start.

Source of the set-up: SQLite's own advice on WAL and busy handling, and measurements kept in
``docs/decisions/0001-engine-and-driver.md``.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any, Final, TypeVar, cast
from weakref import WeakKeyDictionary

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    BigInteger,
    Connection,
    Date,
    DateTime,
    Dialect,
    Engine,
    Insert,
    LargeBinary,
    MetaData,
    Table,
    Text,
    create_engine,
    event,
    exc,
    insert,
    make_url,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Session, registry
from sqlalchemy.types import TypeDecorator

from ledger.kernel import limits
from ledger.kernel.errors import Busy, NotReady
from ledger.kernel.faults import refusal_of

_SAFE_SQLITE: Final = (3, 51, 3)
_SAFE_BACKPORTS: Final = ((3, 44, 6), (3, 50, 7))
_PRAGMAS: Final = {
    "busy_timeout": 5000,
    "journal_mode": "wal",
    "synchronous": 2,
    "foreign_keys": 1,
    "recursive_triggers": 1,
    "secure_delete": 1,
    "trusted_schema": 0,
    "cell_size_check": 1,
    "temp_store": 2,
    "journal_size_limit": 67_108_864,
}
_IDLE_SECONDS: Final = 5

NAMING: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC instant; naive values are refused going in and never come out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive instant; store UTC."""
        if value is None:
            return None
        assert value.tzinfo is not None, "an instant must be aware"
        in_utc = value.astimezone(UTC)
        return in_utc.replace(tzinfo=None) if dialect.name == "sqlite" else in_utc

    def process_result_value(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002 - SQLAlchemy's signature
    ) -> datetime | None:
        """Give back an aware UTC instant."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The declarative base; its metadata is the one that migrations are compared with."""

    metadata = MetaData(naming_convention=NAMING)
    registry = registry(
        metadata=metadata,
        type_annotation_map={
            int: BigInteger(),
            str: Text(),
            bytes: LargeBinary(),
            datetime: UtcDateTime(),
            date: Date(),
        },
    )


db: Final = SQLAlchemy(model_class=Base)

_guards: set[str] = set()
_readers: WeakKeyDictionary[Engine, Engine] = WeakKeyDictionary()

Result = TypeVar("Result")


def declare_guards(names: Iterable[str]) -> None:
    """Say which triggers or constraints must exist in the database before the service starts.

    A name that only one engine has is written ``sqlite:name`` or ``postgresql:name``.
    """
    _guards.update(names)


def guarded_against(table: str, verb: str) -> bool:
    """Whether a guard forbids to ``update`` or ``delete`` any row of a table."""
    return f"{table}_no_{verb}" in _guards


def configure(engine: Engine) -> None:
    """Attach the connection and transaction settings to a new engine, and refuse unsafe ones."""
    if engine.dialect.name == "sqlite":
        _configure_sqlite(engine)
    else:
        _configure_postgresql(engine)

    @event.listens_for(engine, "checkout")
    def _own_process(_connection: Any, record: Any, proxy: Any) -> None:
        if record.info.get("pid") != os.getpid():
            record.dbapi_connection = proxy.dbapi_connection = None
            raise exc.DisconnectionError("a connection may not cross a fork")


def _configure_sqlite(engine: Engine) -> None:
    version = engine.dialect.dbapi.sqlite_version_info  # type: ignore[union-attr]
    if not sqlite_is_safe(version):
        raise NotReady(
            f"SQLite {'.'.join(map(str, version))} can corrupt a database in WAL mode.",
            remedy="Install the pinned requirements (pysqlite3), which carry a repaired SQLite.",
        )

    @event.listens_for(engine, "connect")
    def _pragmas(connection: Any, record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for name, value in _PRAGMAS.items():
            cursor.execute(f"PRAGMA {name}={value}")
        found = {name: cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in _PRAGMAS}
        cursor.close()
        if found != _PRAGMAS:
            wrong = sorted(name for name in _PRAGMAS if found[name] != _PRAGMAS[name])
            raise NotReady(
                f"SQLite did not accept these settings: {', '.join(wrong)}.",
                remedy="Keep the database on a local disk that supports write-ahead logging.",
            )
        record.info["pid"] = os.getpid()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        cursor: Any = connection.connection.cursor()
        cursor.execute("BEGIN IMMEDIATE")
        cursor.close()

    _readers[engine] = _sqlite_reader(engine)


def _sqlite_reader(engine: Engine) -> Engine:
    """The same database through connections that can only read.

    Readers have connections of their own because switching ``query_only`` on and off makes
    SQLite forget every statement it has prepared: that cost more than the posting itself.
    """
    reader = create_engine(engine.url, module=engine.dialect.dbapi, pool=engine.pool.recreate())

    @event.listens_for(reader, "connect")
    def _only_read(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA query_only=1").close()

    @event.listens_for(reader, "begin")
    def _begin(connection: Connection) -> None:
        cursor: Any = connection.connection.cursor()
        cursor.execute("BEGIN")
        cursor.close()

    @event.listens_for(engine, "engine_disposed")
    def _dispose(_engine: Engine) -> None:
        reader.dispose()

    return reader


def _configure_postgresql(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _settings(connection: Any, record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute(
            "SET default_transaction_isolation='read committed'; SET lock_timeout='3s';"
            "SET statement_timeout='60s'; SET idle_in_transaction_session_timeout='60s';"
            "SET TimeZone='UTC'; SET plan_cache_mode='force_generic_plan'"
        )
        cursor.close()
        connection.commit()
        record.info["pid"] = os.getpid()
        record.info["used_s"] = time.monotonic()

    @event.listens_for(engine, "checkin")
    def _used(_connection: Any, record: Any) -> None:
        record.info["used_s"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _still_there(connection: Any, record: Any, _proxy: Any) -> None:
        """Ask a connection that lay idle whether its server is still there."""
        if time.monotonic() - record.info["used_s"] < _IDLE_SECONDS:
            return
        try:
            connection.execute("SELECT 1")
            connection.rollback()
        except engine.dialect.loaded_dbapi.Error as error:
            raise exc.DisconnectionError("the server closed an idle connection") from error

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if connection.get_execution_options().get("ledger_readonly"):
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")


def driver_url(url: str) -> str:
    """An address of settings as SQLAlchemy needs it: PostgreSQL is reached by psycopg."""
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


@contextmanager
def opened(url: str) -> Iterator[Engine]:
    """Another database, set up exactly as the service's own is, and let go afterwards."""
    options: dict[str, Any] = {}
    if make_url(url).get_backend_name() == "sqlite":
        import pysqlite3.dbapi2

        options["module"] = pysqlite3.dbapi2
    engine = create_engine(driver_url(url), **options)
    configure(engine)
    try:
        yield engine
    finally:
        engine.dispose()


def sqlite_is_safe(version: tuple[int, ...]) -> bool:
    """Whether this SQLite is free of the WAL-reset fault (sqlite.org/wal.html)."""
    return version >= _SAFE_SQLITE or any(
        version[:2] == fixed[:2] and version >= fixed for fixed in _SAFE_BACKPORTS
    )


def is_sqlite(session: Session) -> bool:
    """Whether this unit of work runs on SQLite (else PostgreSQL)."""
    return session.get_bind().dialect.name == "sqlite"


def write_rows(
    session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]], *, once: str = ""
) -> None:
    """Write many rows of a table in one statement, past the objects that nobody will look at.

    With ``once``, a column that is unique, rows that are there already are left as they are.
    """
    if not rows:
        return
    table = cast(Table, model.__table__)
    if once:
        add = sqlite.insert if is_sqlite(session) else postgresql.insert
        statement: Insert = add(table).on_conflict_do_nothing(index_elements=[once])
    else:
        statement = insert(table)
    session.connection().execute(statement, list(rows))


def reader(engine: Engine) -> Engine:
    """The engine to read the same database with: on SQLite one whose connections cannot write."""
    return _readers.get(engine, engine)


@contextmanager
def transaction(*, read_only: bool = False) -> Iterator[Session]:
    """One unit of work: everything in the block is committed together or not at all.

    Writers begin with the write lock on SQLite, so that nothing read in the block can be
    stale. A read-only block cannot write on either engine.
    """
    with transaction_on(db.engine, read_only=read_only) as session:
        yield session


@contextmanager
def transaction_on(engine: Engine, *, read_only: bool = False) -> Iterator[Session]:
    """One unit of work on another database than the service's own, such as a restored one."""
    bind = reader(engine) if read_only else engine
    with Session(bind, expire_on_commit=False) as session:
        if read_only:
            session.connection(execution_options={"ledger_readonly": True})
        try:
            yield session
            session.commit()
        except BaseException as error:
            session.rollback()
            refusal = refusal_of(error, writing=not read_only)
            if refusal is not None:
                raise refusal from error
            raise


def when_committed(session: Session, act: Callable[[], None]) -> None:
    """Do something once a unit of work is committed: a savepoint that is released is not that.

    It is too late to refuse then, so it must not raise.
    """

    @event.listens_for(session, "after_commit")
    def _committed(one: Session) -> None:
        if not one.in_nested_transaction():
            act()


def transact(unit: Callable[[Session], Result]) -> Result:
    """Run a whole unit of work, and run it again when the database asks for it.

    Only a busy lock, a deadlock or a serialization failure is tried again, with growing
    random pauses, up to ``limits.WRITE_ATTEMPTS_MAX`` times: then `Busy`, with nothing done.
    """
    deadline = time.monotonic() + limits.WRITE_DEADLINE_SECONDS
    for attempt in range(limits.WRITE_ATTEMPTS_MAX):
        try:
            with transaction() as session:
                return unit(session)
        except Busy:
            last = attempt == limits.WRITE_ATTEMPTS_MAX - 1
            if last or time.monotonic() > deadline:
                raise
            time.sleep(random.uniform(0.01, 0.05) * 2**attempt)  # noqa: S311 - jitter, no secret
    raise AssertionError("the loop above returns or raises")


def check_ready(engine: Engine) -> None:
    """Refuse to serve unless the schema is current and every guard is in place.

    Raises:
        NotReady: naming what is missing.
    """
    with reader(engine).connect() as connection:
        present = _guard_names(connection)
    prefix = engine.dialect.name + ":"
    wanted = {
        name.removeprefix(prefix) for name in _guards if ":" not in name or name.startswith(prefix)
    }
    missing = sorted(wanted - present)
    if missing:
        raise NotReady(
            f"The database lacks {len(missing)} of its guards: {', '.join(missing[:8])}.",
            remedy="Run the migrations (flask db upgrade). If that does not help, restore a backup.",
        )


def _guard_names(connection: Connection) -> set[str]:
    if connection.dialect.name == "sqlite":
        rows = connection.execute(text("SELECT name FROM sqlite_master WHERE type='trigger'"))
        return {row[0] for row in rows}
    rows = connection.execute(
        text(
            "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
            " UNION ALL SELECT conname FROM pg_constraint WHERE contype = 'x'"
        )
    )
    return {row[0] for row in rows}
