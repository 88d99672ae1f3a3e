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

START_AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ENGINES = ("sqlite", "postgresql")
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
    if "engine_name" in metafunc.fixturenames and "engine_name" not in [m.args[0] for m in marks]:
        chosen = metafunc.config.option.engine
        metafunc.parametrize("engine_name", ENGINES if chosen == "both" else (chosen,))


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
def app(
    engine_name: str, stages: stage.Stages, clock: FixedClock, request: pytest.FixtureRequest
) -> Iterator[Flask]:
    """The service on a fresh database: empty, or with the cast where the test asks for ``place``."""
    peopled = "place" in request.fixturenames
    flask_app = stages.fresh(engine_name, peopled=peopled)
    with flask_app.app_context():
        yield flask_app


@pytest.fixture
def place(app: Flask, engine_name: str, stages: stage.Stages) -> cast.Place:
    """A small fictional place: a book, funds, two groups, a council and one person for each role."""
    return stages.place(engine_name)


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
