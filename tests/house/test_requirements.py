"""The lists of packages hold what is imported, pinned, and nothing else."""

from __future__ import annotations

import ast
import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
INDIRECT = {
    "gunicorn": "it serves the pages, and nothing imports it",
    "psycopg": "SQLAlchemy loads it for PostgreSQL",
    "tzdata": "zoneinfo reads it where the machine has no time zones",
    "flask-migrate": "its commands are used as well",
    "alembic": "the migrations are written in it",
}
TOOLS = {
    "pytest-cov", "pytest-xdist", "ruff", "mypy", "import-linter", "beancount", "schemathesis",
    "playwright", "axe-playwright-python",
}  # fmt: skip


def listed(name: str) -> set[str]:
    lines = (line.split("#")[0].strip() for line in (ROOT / name).read_text().splitlines())
    return {re.split(r"[\[=]", line)[0].lower() for line in lines if line and line[0] != "-"}


def imported(*folders: str) -> set[str]:
    beside = {path.stem for path in (ROOT / "scripts").glob("*.py")}  # they import each other
    ours = {"ledger", "config", "tests", "scripts", "wsgi"} | beside
    modules: set[str] = set()
    for folder in folders:
        for path in (ROOT / folder).rglob("*.py"):
            if path.parent.name == "benches" and folder != "scripts/benches":
                continue  # measuring is for those who develop
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Import):
                    modules |= {alias.name.split(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    modules.add(node.module.split(".")[0])
    known = packages_distributions()
    outside = modules - ours - set(sys.stdlib_module_names)
    return {known.get(one, [one])[0].lower().replace("_", "-") for one in outside}


def test_what_the_service_imports_is_what_is_listed() -> None:
    direct, pinned = listed("requirements.in"), listed("requirements.txt")
    used = imported("ledger", "config", "scripts", "migrations")
    brought = {"werkzeug", "jinja2", "markupsafe", "webargs", "apispec", "packaging"}
    assert used - direct - brought == set(), "add these to requirements.in"
    assert direct - used - set(INDIRECT) == set(), "nothing imports these"
    assert (direct | used) - pinned == set(), "pin these in requirements.txt"


def test_what_the_tests_import_is_listed() -> None:
    known = listed("requirements-dev.in") | listed("requirements.in")
    used = imported("tests", "scripts/benches") - listed("requirements.in")
    pinned = listed("requirements-dev.txt") | listed("requirements.txt")
    assert used - known - {"werkzeug", "jinja2", "markupsafe"} == set()
    assert listed("requirements-dev.in") - used - TOOLS == set(), "nothing imports these"
    assert (used | known) - pinned == set()


def test_every_pin_is_exact_and_names_no_host() -> None:
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-node.txt"):
        for line in (ROOT / name).read_text().splitlines():
            assert re.fullmatch(r"(#.*|-r [a-z.]+|[a-z0-9.-]+==[0-9][0-9a-z.]*|)", line), line
