"""The stage on which every test plays: one clock, one cast, both databases, no network.

Each test that asks for ``app`` runs on SQLite and on PostgreSQL, on a database of its own
that is copied from one migrated template. Order is random (``--order-seed`` repeats a run),
and only this machine's own addresses can be reached.
"""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ledger.kernel import clock as kernel_clock
from ledger.kernel.clock import FixedClock
from tests import cast, stage
from tests.postgres import EVERYTHING_RESTRICTED

START_AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ENGINES = ("sqlite", "postgresql")
ROLES = {"sqlite": ("owner",), "postgresql": ("owner", "restricted")}
LOOPBACK = ("127.0.0.1", "::1", "localhost", "0.0.0.0")  # noqa: S104 - listed, not bound


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("ledger")
    group.addoption(
        "--engine", choices=("sqlite", "postgresql", "both"), default="both",
        help="on which database the tests run (default: both)",
    )  # fmt: skip
    group.addoption("--order-seed", type=int, default=None, help="repeat a run's random order")


def pytest_configure(config: pytest.Config) -> None:
    shared = getattr(config, "workerinput", {}).get("order_seed")
    if config.option.order_seed is None:
        config.option.order_seed = shared or random.SystemRandom().randrange(1, 1_000_000)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell each of several workers the one order, so that they collect the same tests."""
    node.workerinput["order_seed"] = node.config.option.order_seed


def pytest_report_header(config: pytest.Config) -> str:
    return f"order seed: {config.option.order_seed}  engines: {config.option.engine}"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    random.Random(config.option.order_seed).shuffle(items)
    for item in items:
        if "town" in getattr(item, "fixturenames", ()):
            # A town is loaded once for each engine: its journeys stay with one worker.
            engine = item.callspec.params.get("engine_name", "")  # type: ignore[attr-defined]
            item.add_marker(pytest.mark.xdist_group(f"town-{engine}"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    marks = metafunc.definition.iter_markers("parametrize")
    said = [name for mark in marks for name in (mark.args[0], *mark.args[0])]
    if "engine_name" not in metafunc.fixturenames or "engine_name" in said:
        return
    chosen = metafunc.config.option.engine
    engines = ENGINES if chosen == "both" else (chosen,)
    marked = {mark.name for mark in metafunc.definition.iter_markers()}
    if "app" in metafunc.fixturenames and "both_roles" in marked and "owner_only" not in marked:
        metafunc.parametrize(
            ("engine_name", "database_role"),
            [(engine, role) for engine in engines for role in ROLES[engine]],
        )
        return
    metafunc.parametrize("engine_name", engines)


@pytest.fixture(autouse=True, scope="session")
def _no_network() -> Iterator[None]:
    """Refuse every connection that leaves this machine."""
    original = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and address[0] not in LOOPBACK:
            raise RuntimeError(f"a test tried to reach {address[0]}")
        original(self, address)

    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", connect)
    yield
    patch.undo()


@pytest.fixture(scope="session")
def stages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[stage.Stages]:
    """The databases' templates and the one application on each engine."""
    with stage.Stages(stage.quick_folder(tmp_path_factory), START_AT) as made:
        yield made


@pytest.fixture
def clock() -> Iterator[FixedClock]:
    """The clock that everything reads; it stands at Monday 2 March 2026, 09:00 in London."""
    fixed = FixedClock(START_AT)
    with kernel_clock.using(fixed):
        yield fixed


@pytest.fixture
def database_role(request: pytest.FixtureRequest) -> str:
    """Who serves on PostgreSQL: the ``owner`` of the tables, or a ``restricted`` role.

    Tests with the mark ``both_roles`` run under each; with ``LEDGER_TEST_ROLE=1`` all others run
    under the restricted one, but for those that say why only an owner can (``owner_only``).
    """
    owner_only = request.node.get_closest_marker("owner_only")
    return "restricted" if EVERYTHING_RESTRICTED and not owner_only else "owner"


@pytest.fixture
def app(
    engine_name: str, database_role: str, stages: stage.Stages, clock: FixedClock,
    request: pytest.FixtureRequest,
) -> Iterator[Flask]:  # fmt: skip
    """The service on a fresh database: empty, or with the cast where the test asks for ``place``."""
    peopled = "place" in request.fixturenames
    flask_app = stages.fresh(engine_name, peopled=peopled, role=database_role)
    with flask_app.app_context():
        yield flask_app


@pytest.fixture
def place(
    app: Flask, engine_name: str, database_role: str, stages: stage.Stages
) -> cast.Place:  # fmt: skip
    """A small fictional place: a book, funds, two groups, a council and one person for each role."""
    return stages.place(engine_name, role=database_role)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser that nobody has signed in with."""
    return app.test_client()


@pytest.fixture
def sign_in(app: Flask, place: cast.Place) -> Callable[[FlaskClient, str], FlaskClient]:
    """Sign somebody of the cast in: ``sign_in(client, "treasurer")``."""

    def enter(browser: FlaskClient, role: str) -> FlaskClient:
        return cast.sign_in(browser, place, role)

    return enter


@pytest.fixture
def api(app: Flask, place: cast.Place) -> Callable[[str], FlaskClient]:
    """A client of the API that carries a person's token: ``api("officer").get("/api/v1/…")``."""

    def enter(role: str) -> FlaskClient:
        return cast.api_client(app, place, role)

    return enter


@pytest.fixture
def project() -> Path:
    """The project's own folder."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def _no_leftover_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own settings must not change a test."""
    for name in [name for name in os.environ if name.startswith("LEDGER_")]:
        monkeypatch.delenv(name)
