"""The databases behind the tests: templates made once, copied for each test."""

from __future__ import annotations

import contextvars
import shutil
import tempfile
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import flask_migrate
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import Headers
from werkzeug.routing import AnyConverter, BaseConverter, IntegerConverter, Rule

from config.settings import Settings
from ledger.app import create_app
from ledger.http import cookies, csrf
from ledger.kernel import clock as kernel_clock
from ledger.kernel import grants, keys
from ledger.kernel.clock import FixedClock
from ledger.kernel.db import db
from ledger.kernel.ids import new_secret
from tests import cast, postgres

ROOT = Path(__file__).resolve().parent.parent
KEYS = "keys.sqlite"


class Browser(FlaskClient):
    """A client whose every request starts clean, as on a real server.

    The test itself stands in an application context; without this each request would share
    its ``g`` with the next one. A ``keyed`` client brings an idempotency key to unsafe calls.
    """

    keyed = False

    def open(self, *args: Any, **kwargs: Any) -> Any:
        """Make one request in a context of its own."""
        kwargs.setdefault("buffered", True)
        if self.keyed and kwargs.get("method", "GET") not in ("GET", "HEAD", "OPTIONS"):
            headers = Headers(kwargs.get("headers"))
            headers.setdefault("Idempotency-Key", new_secret())
            kwargs["headers"] = headers
        return contextvars.Context().run(super().open, *args, **kwargs)

    def submit(self, path: str, fields: dict[str, Any] | None = None, **kwargs: Any) -> Any:
        """Send a form as its page would: with this browser's token and a key of its own."""
        cookie = self.get_cookie(cookies.SESSION) or self.get_cookie(cookies.VISIT)
        if cookie is None:
            self.set_cookie(cookies.VISIT, new_secret())
            cookie = self.get_cookie(cookies.VISIT)
        assert cookie is not None
        with self.application.app_context():
            token = csrf.token_for(cookie.value)
        hidden = {csrf.FIELD: token, csrf.KEY_FIELD: new_secret()}
        return self.open(path, method="POST", data=hidden | (fields or {}), **kwargs)


def quick_folder(factory: pytest.TempPathFactory) -> Path:
    """A folder in memory where the machine has one (its sync is free), else a temporary one."""
    memory = Path("/dev/shm")  # noqa: S108 - a private folder is made below
    if memory.is_dir() and shutil.disk_usage(memory).free > 1 << 30:
        return Path(tempfile.mkdtemp(prefix="ledger-test-", dir=memory))
    return factory.mktemp("databases")


class Stages:
    """One application for each engine, and the two templates of its database."""

    def __init__(self, folder: Path, at: datetime) -> None:
        self.folder, self.at = folder, at
        self.stages: dict[str, Stage] = {}
        self.failures: dict[str, BaseException] = {}

    def __enter__(self) -> Stages:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        for stage in self.stages.values():
            stage.close()
        postgres.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def fresh(self, engine: str, *, peopled: bool, role: str = "owner") -> Flask:
        """The engine's application upon a new copy of a template, served under a role."""
        stage = self._stage(engine, role)
        stage.renew("peopled" if peopled else "empty")
        return stage.app

    def place(self, engine: str, *, role: str = "owner") -> cast.Place:
        """Who is in the peopled template."""
        found = self._stage(engine, role).place
        assert found is not None
        return found

    def _stage(self, engine: str, role: str) -> Stage:
        kind = KINDS[engine, role]
        if kind.name in self.failures:
            raise self.failures[kind.name]
        if kind.name not in self.stages:
            try:
                self.stages[kind.name] = kind(self.folder, self.at)
            except (Exception, pytest.skip.Exception) as error:
                self.failures[kind.name] = error
                raise
        return self.stages[kind.name]


class Stage:
    """One engine's application and templates."""

    url: str
    name: str
    role = ""

    def __init__(self, folder: Path, at: datetime) -> None:
        self.folder = folder
        self.data = folder / f"data-{self.name}"
        self.place: cast.Place | None = None
        self.prepare()
        self.app = self._application()
        try:
            self._make_templates(at)
        except BaseException:
            self.close()
            raise

    def _make_templates(self, at: datetime) -> None:
        with self.app.app_context(), kernel_clock.using(FixedClock(at)):
            flask_migrate.upgrade(directory=str(ROOT / "migrations"))
            self._keep("empty")
            self.place = cast.people_the_place()
            self._keep("peopled")

    def _application(self) -> Flask:
        made = create_app(
            Settings(
                database_url=self.url, data_dir=self.data,
                secret_key="only for tests, and longer than any guess",
                place_name="Testwick", serving=False, testing=True, database_role=self.role,
            )
        )  # fmt: skip
        made.test_client_class = Browser
        return made

    def release(self) -> None:
        """Let go of every connection, so that the database can be exchanged."""
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()
            keys.store().forget()

    def _keep(self, template: str) -> None:
        self.keep(template)
        if (self.data / KEYS).exists():
            shutil.copyfile(self.data / KEYS, self.data / f"{template}.keys")

    def renew(self, template: str) -> None:
        """Put a copy of the template in the place of the database and of its key store, and
        empty the data folder of what the last test left there.
        """
        self.reset(template)
        for left in [path for path in self.data.iterdir() if path.is_dir()]:
            shutil.rmtree(left)
        (self.data / KEYS).unlink(missing_ok=True)
        if (self.data / f"{template}.keys").exists():
            shutil.copyfile(self.data / f"{template}.keys", self.data / KEYS)

    def prepare(self) -> None:
        """Make an empty database and set ``url``."""
        raise NotImplementedError

    def keep(self, template: str) -> None:
        """Keep the database as it is now as a template."""
        raise NotImplementedError

    def reset(self, template: str) -> None:
        """Put a copy of the template in the database's place."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go."""
        self.release()


class SqliteStage(Stage):
    """A file, copied."""

    name = "sqlite"

    def prepare(self) -> None:
        self.file = self.folder / "test.sqlite"
        self.url = f"sqlite:///{self.file}"

    def keep(self, template: str) -> None:
        with db.engine.connect() as connection:
            connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[no-untyped-call]
        self.release()
        shutil.copyfile(self.file, self.folder / f"{template}.sqlite")

    def reset(self, template: str) -> None:
        self.release()
        for ending in ("-wal", "-shm"):
            self.file.with_name(self.file.name + ending).unlink(missing_ok=True)
        shutil.copyfile(self.folder / f"{template}.sqlite", self.file)


class PostgresqlStage(Stage):
    """A database, created from a template database; whoever made its tables serves it."""

    name = "postgresql"
    database = "test"

    def prepare(self) -> None:
        self.server = postgres.server()
        self.server.run(f'CREATE DATABASE "{self.database}"')
        self.url = self.server.url(self.database)

    def keep(self, template: str) -> None:
        self.release()
        self._copy(self.database, self._template(template))

    def reset(self, template: str) -> None:
        self.release()
        self.server.run(f'DROP DATABASE IF EXISTS "{self.database}" WITH (FORCE)')
        self._copy(self._template(template), self.database)

    def _template(self, template: str) -> str:
        return template

    def _copy(self, source: str, target: str) -> None:
        self.server.run(f'CREATE DATABASE "{target}" TEMPLATE "{source}" STRATEGY FILE_COPY')


class RestrictedStage(PostgresqlStage):
    """The same, served under a role that owns nothing and has what it needs."""

    name = "restricted"
    database = "restricted"

    def prepare(self) -> None:
        super().prepare()
        self.server.make_role()

    def keep(self, template: str) -> None:
        with db.engine.begin() as connection:
            grants.give(connection, role=postgres.ROLE)
        super().keep(template)

    def reset(self, template: str) -> None:
        super().reset(template)
        # What everybody may do with a database is not copied with it.
        self.server.run(f'REVOKE TEMPORARY ON DATABASE "{self.database}" FROM PUBLIC')

    def _template(self, template: str) -> str:
        return f"{self.database}_{template}"

    def _make_templates(self, at: datetime) -> None:
        super()._make_templates(at)
        self.release()
        self.url = self.server.url(self.database, role=postgres.ROLE)
        self.role = postgres.ROLE
        self.app = self._application()


KINDS: dict[tuple[str, str], type[Stage]] = {
    ("sqlite", "owner"): SqliteStage,
    ("sqlite", "restricted"): SqliteStage,
    ("postgresql", "owner"): PostgresqlStage,
    ("postgresql", "restricted"): RestrictedStage,
}
"""SQLite knows no roles."""


def _unknown(converter: BaseConverter) -> int | str:
    if isinstance(converter, IntegerConverter):
        return 1
    return min(converter.items) if isinstance(converter, AnyConverter) else "none"


def filled_path(rule: Rule) -> str:
    """A path that a rule serves, with something unknown in every blank."""
    blanks = {name: _unknown(rule._converters[name]) for name in rule.arguments}
    with_blanks = rule.build(blanks)
    assert with_blanks is not None
    return with_blanks[1]
