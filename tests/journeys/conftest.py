"""A browser, and the demonstration town served on each engine, for people to walk through.

The town is loaded once for each engine and shared by the journeys, so each journey leaves alone
what another one needs. Screenshots lie in ``tests/journeys/screenshots/<journey>``.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests import postgres
from tests.journeys.town import Town, upgraded_by_its_owner
from tests.journeys.walk import Walk

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SCREENSHOTS = Path(__file__).parent / "screenshots"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder is a journey, and is told so."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.journey)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium; where it is missing the journeys are skipped aloud, or fail when CI=true."""
    from playwright.sync_api import sync_playwright

    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        said = f"the journeys need a browser; none of {', '.join(BROWSERS)} is installed"
        if os.environ.get("CI") == "true":
            pytest.fail(said)
        pytest.skip(said)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def towns(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Town]]:
    """The served towns, begun at first use and ended with the session."""
    begun: dict[str, Town] = {}
    running = os.environ.get("JOURNEY_ADDRESS")  # while writing a journey: a town that runs already

    def town(engine: str) -> Town:
        if running:
            return Town(running, tmp_path_factory.getbasetemp(), None, dict(os.environ))
        if engine not in begun:
            folder = tmp_path_factory.mktemp(f"town-{engine}")
            url = ""
            if engine == "postgresql":
                server = postgres.server()
                name = f"town_{os.getpid()}"
                server.run(f'CREATE DATABASE "{name}"')
                url = server.url(name)
                if postgres.EVERYTHING_RESTRICTED:
                    url = upgraded_by_its_owner(folder, server, name)
            begun[engine] = Town.begin(folder, database_url=url)
        return begun[engine]

    yield town
    for one in begun.values():
        one.end()


@pytest.fixture
def town(towns: Callable[[str], Town], engine_name: str) -> Town:
    """The demonstration town on the engine that this test runs on."""
    return towns(engine_name)


@pytest.fixture
def walk(
    browser: Browser, town: Town, engine_name: str, request: pytest.FixtureRequest
) -> Iterator[Walk]:
    """Somebody's way through the pages, named after the test."""
    journey = str(request.node.originalname).removeprefix("test_")
    folder = SCREENSHOTS / (journey if engine_name == "sqlite" else f"{journey}-{engine_name}")
    shutil.rmtree(folder, ignore_errors=True)
    # The pages are the same on both engines: axe and the narrow window need only one of them.
    walker = Walk(browser, town.address, folder, thorough=engine_name == "sqlite")
    yield walker
    walker.finish()
