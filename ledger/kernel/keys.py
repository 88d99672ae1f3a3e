"""The key store: what opens the vault, kept apart from the book so that a destroyed key is gone.

It is a database of its own (a file in the data folder, or PostgreSQL where several machines serve
one place). No backup of the book holds a key. Why: ``docs/decisions/0018-keys-apart.md``.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import threading
import time
from collections.abc import Collection, Iterable
from typing import Any, Final

from flask import current_app
from sqlalchemy import (
    Column,
    Engine,
    LargeBinary,
    MetaData,
    Table,
    Text,
    create_engine,
    delete,
    event,
    exc,
    insert,
    make_url,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite

from ledger.kernel.db import driver_url
from ledger.kernel.faults import refusal_of

KEY_BYTES: Final = 32
_KEPT_SECONDS: Final = 60
_KEPT_MAX: Final = 20_000
_ASKED_MAX: Final = 500
_READY_MAX: Final = 64
_PRAGMAS: Final = (
    "busy_timeout=5000", "journal_mode=TRUNCATE", "synchronous=FULL", "secure_delete=ON",
    "trusted_schema=OFF", "temp_store=MEMORY",
)  # fmt: skip
"""No write-ahead log: a key that was deleted would live on in it."""

_SECRET: Final = "secret:"  # noqa: S105 - how the ids of secrets begin

_METADATA: Final = MetaData()
KEYS: Final = Table(
    "vault_key", _METADATA,
    Column("id", Text(), primary_key=True), Column("key", LargeBinary(), nullable=False),
)  # fmt: skip
ERASED: Final = Table(
    "vault_erased", _METADATA,
    Column("person", Text(), primary_key=True), Column("key_id", Text(), nullable=False),
    Column("erased_at", Text(), nullable=False),
)  # fmt: skip
"""Whom the place has erased: done again in whatever book is restored."""


def secret_id(name: str) -> str:
    """The id of a secret of the whole place."""
    return _SECRET + name


def store() -> KeyStore:
    """This installation's key store."""
    found: KeyStore = current_app.extensions["ledger.keys"]
    return found


class KeyStore:
    """Keys by their id. What was asked for is remembered for a minute in this process."""

    def __init__(self, url: str) -> None:
        self.url = make_url(driver_url(url))
        self._lock = threading.RLock()
        self._engine: Engine | None = None
        self._owner = 0
        self._known: dict[str, tuple[float, bytes]] = {}
        self._newest: dict[str, tuple[float, str]] = {}
        self._ready: list[tuple[str, bytes]] = []
        self._batch = 1

    def key(self, key_id: str) -> bytes | None:
        """One key, or None when it was destroyed."""
        return self.keys([key_id]).get(key_id)

    def keys(self, key_ids: Collection[str]) -> dict[str, bytes]:
        """Keys by their id; those that were destroyed are left out."""
        oldest = time.monotonic() - _KEPT_SECONDS
        found: dict[str, bytes] = {}
        missing = []
        for key_id in set(key_ids):
            at, key = self._known.get(key_id, (0.0, b""))
            if at > oldest:
                found[key_id] = key
            else:
                missing.append(key_id)
        if missing:
            found |= self._fetch(missing)
        return found

    def _fetch(self, key_ids: list[str]) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        with self._begin() as wire:
            for start in range(0, len(key_ids), _ASKED_MAX):
                some = key_ids[start : start + _ASKED_MAX]
                rows = wire.execute(select(KEYS.c.id, KEYS.c.key).where(KEYS.c.id.in_(some)))
                found |= {row[0]: bytes(row[1]) for row in rows}
        self._remember(found.items())
        return found

    def _remember(self, found: Iterable[tuple[str, bytes]]) -> None:
        if len(self._known) > _KEPT_MAX:
            self._known = {}
        at = time.monotonic()
        self._known.update({key_id: (at, key) for key_id, key in found})

    def new_key(self) -> tuple[str, bytes]:
        """A fresh key under an id of its own, on the disk before it is used.

        They are made ahead, more at a time the more are asked for: many people are added in few
        writes. One that is never used opens nothing.
        """
        with self._lock:
            self._own_process()
            if not self._ready:
                made = [(secrets.token_hex(16), secrets.token_bytes(KEY_BYTES))
                        for _ in range(self._batch)]  # fmt: skip
                with self._begin() as wire:
                    wire.execute(insert(KEYS), [{"id": one, "key": key} for one, key in made])
                self._ready = made
                self._batch = min(2 * self._batch, _READY_MAX)
            key_id, key = self._ready.pop()
        self._remember([(key_id, key)])
        return key_id, key

    def secret(self, name: str) -> bytes:
        """A secret of the whole place, made at first use."""
        key_id = secret_id(name)
        found = self.key(key_id)
        if found is not None:
            return found
        with self._begin() as wire:
            add = sqlite.insert if self.url.get_backend_name() == "sqlite" else postgresql.insert
            row = {"id": key_id, "key": secrets.token_bytes(KEY_BYTES)}
            wire.execute(add(KEYS).values(row).on_conflict_do_nothing())
        made = self.key(key_id)
        assert made is not None, "it was kept above, by us or by another process"
        return made

    def newest_secret(self, kind: str) -> tuple[str, bytes]:
        """The newest of the secrets ``kind 0001``, ``kind 0002`` …, with its name."""
        at, name = self._newest.get(kind, (0.0, ""))
        if not name or at <= time.monotonic() - _KEPT_SECONDS:
            name = max(self.secret_names(f"{kind} "), default=f"{kind} 0001")
            self._newest[kind] = (time.monotonic(), name)
        return name, self.secret(name)

    def renew_secret(self, kind: str) -> None:
        """Make a newer secret of a kind: it is the newest from now on, in other processes soon."""
        newest = max(self.secret_names(f"{kind} "), default=f"{kind} 0000")
        name = f"{kind} {int(newest.rpartition(' ')[2]) + 1:04d}"
        self.secret(name)
        self._newest[kind] = (time.monotonic(), name)

    def secret_names(self, beginning: str) -> list[str]:
        """The names of the secrets that begin so, in order."""
        mine = KEYS.c.id.startswith(f"{_SECRET}{beginning}", autoescape=True)
        with self._begin() as wire:
            ids = wire.scalars(select(KEYS.c.id).where(mine).order_by(KEYS.c.id)).all()
        return [one.removeprefix(_SECRET) for one in ids]

    def fingerprint(self) -> str:
        """By what a book knows its own key store."""
        return hashlib.sha256(b"ledger key store" + self.secret("contact")).hexdigest()

    def destroy(self, *, person: str, key_id: str, at: str) -> None:
        """Destroy a person's key for ever, and write down that this person was erased."""
        with self._begin() as wire:
            wire.execute(delete(ERASED).where(ERASED.c.person == person))
            wire.execute(insert(ERASED).values(person=person, key_id=key_id, erased_at=at))
            wire.execute(delete(KEYS).where(KEYS.c.id == key_id))
        self._known.pop(key_id, None)

    def destroy_secrets(self, names: Collection[str]) -> None:
        """Destroy these secrets: what was sealed under them is lost."""
        with self._begin() as wire:
            wire.execute(delete(KEYS).where(KEYS.c.id.in_([secret_id(name) for name in names])))
        self.forget()

    def erased(self) -> dict[str, str]:
        """Who was erased, with the id of the key that was destroyed."""
        with self._begin() as wire:
            rows = wire.execute(select(ERASED.c.person, ERASED.c.key_id)).all()
        return {row[0]: row[1] for row in rows}

    def everything(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """All keys and all erasures, for a backup of the key store."""
        with self._begin() as wire:
            keys = [dict(row._mapping) for row in wire.execute(select(KEYS))]
            erased = [dict(row._mapping) for row in wire.execute(select(ERASED))]
        return keys, erased

    def put_back(self, keys: list[dict[str, Any]], erased: list[dict[str, Any]]) -> None:
        """Fill an empty store from a backup of it."""
        with self._begin() as wire:
            for table, rows in ((KEYS, keys), (ERASED, erased)):
                if rows:
                    wire.execute(insert(table), rows)

    def forget(self) -> None:
        """Let go of connections and of whatever is remembered."""
        with self._lock:
            self._known, self._newest, self._ready, self._batch = {}, {}, [], 1
            if self._engine is not None:
                self._engine.dispose(close=self._owner == os.getpid())
            self._engine = None

    def _own_process(self) -> None:
        """Neither a connection nor a key made ahead may cross a fork."""
        if self._engine is not None and self._owner != os.getpid():
            self.forget()

    def _begin(self) -> Any:
        with self._lock:
            self._own_process()
            if self._engine is None:
                self._engine, self._owner = _opened(self.url), os.getpid()
            return _Unit(self._engine)


class _Unit:
    """One transaction on the key store; a full disk or a busy store is a refusal in words."""

    def __init__(self, engine: Engine) -> None:
        self._begun = engine.begin()

    def __enter__(self) -> Any:
        try:
            return self._begun.__enter__()
        except exc.DBAPIError as error:
            raise refusal_of(error) or error from error

    def __exit__(self, kind: Any, error: Any, trace: Any) -> Any:
        done = self._begun.__exit__(kind, error, trace)
        refusal = refusal_of(error) if error is not None else None
        if refusal is not None:
            raise refusal from error
        return done


def _opened(url: Any) -> Engine:
    if url.get_backend_name() != "sqlite":
        engine = create_engine(url, pool_size=2, max_overflow=4)
    else:
        import pysqlite3.dbapi2

        if url.database and not os.path.exists(url.database):  # noqa: PTH110 - as short as it gets
            os.makedirs(os.path.dirname(url.database), exist_ok=True)  # noqa: PTH103, PTH120
            os.close(os.open(url.database, os.O_RDWR | os.O_CREAT, 0o600))
        engine = create_engine(url, module=pysqlite3.dbapi2)

        @event.listens_for(engine, "connect")
        def _pragmas(connection: Any, _record: Any) -> None:
            for pragma in _PRAGMAS:
                connection.execute(f"PRAGMA {pragma}").close()

    _METADATA.create_all(engine)
    return engine
