"""What every source file must keep, read from the files themselves."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = sorted(
    path
    for folder in ("ledger", "config", "scripts", "tests", "migrations")
    for path in (ROOT / folder).rglob("*.py")
)
SERVICE = [path for path in CODE if path.is_relative_to(ROOT / "ledger")]
FILE_LINES_MAX = 400
TEST_LINES_MAX = 600
ONE_FILE_LINES_MAX = 1_250  # the verifier is one file, so that anybody can carry and read it
FUNCTION_LINES_MAX = 60
EDGES = ("api", "pages", "jobs", "http", "cli", "demo")
DOMAINS = sorted(path.parent.name for path in (ROOT / "ledger").glob("*/models.py"))


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def lines_with(pattern: str, paths: list[Path]) -> list[str]:
    found = re.compile(pattern)
    return [
        f"{name(path)}:{number}"
        for path in paths
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if found.search(line.split("#")[0])
    ]


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def lines_max(path: Path) -> int:
    if path == ROOT / "scripts" / "verify_books.py":
        return ONE_FILE_LINES_MAX
    return TEST_LINES_MAX if path.is_relative_to(ROOT / "tests") else FILE_LINES_MAX


def is_generated_table(path: Path) -> bool:
    """A migration's tables are one statement each, as long as they are."""
    return path.is_relative_to(ROOT / "migrations")


def test_no_file_outgrows_its_cap() -> None:
    long = {
        name(path): count
        for path in CODE
        if not is_generated_table(path)
        and (count := len(path.read_text().splitlines())) > lines_max(path)
    }
    assert not long, f"split these by noun: {long}"


def test_no_function_outgrows_its_cap() -> None:
    long = [
        f"{name(path)}:{node.lineno} {node.name} has {lines} lines"
        for path in CODE
        if not is_generated_table(path)
        for node in functions(ast.parse(path.read_text()))
        if (lines := (node.end_lineno or 0) - node.lineno + 1) > FUNCTION_LINES_MAX
    ]
    assert not long, "\n".join(long)


def test_every_module_says_what_it_is_for() -> None:
    silent = [name(path) for path in CODE if not ast.get_docstring(ast.parse(path.read_text()))]
    assert silent in ([], ["tests/__init__.py"])


def test_only_the_unit_of_work_commits() -> None:
    pattern = r"\b(session|connection|cursor|conn|db|s)\.commit\("
    others = [path for path in SERVICE if path != ROOT / "ledger" / "kernel" / "db.py"]
    assert lines_with(pattern, others) == []


def test_only_the_clock_reads_the_time() -> None:
    pattern = r"datetime\.(now|utcnow|today)\(|date\.today\(|\btime\.time\(\)"
    clock = ROOT / "ledger" / "kernel" / "clock.py"
    assert lines_with(pattern, [path for path in SERVICE if path != clock]) == []


def test_domains_are_told_the_time() -> None:
    inner = [path for path in SERVICE if path.relative_to(ROOT / "ledger").parts[0] not in EDGES]
    clock = ROOT / "ledger" / "kernel" / "clock.py"
    pattern = r"clock\.now\(|clock import (.*\b)?now\b|SystemClock\("
    assert lines_with(pattern, [path for path in inner if path != clock]) == []


def test_no_float_comes_near_value() -> None:
    exact = [
        path
        for path in SERVICE
        if "rules" in path.relative_to(ROOT).with_suffix("").parts
        or path.is_relative_to(ROOT / "ledger" / "books")
        or path.name == "money.py"
    ]
    exact.remove(ROOT / "ledger" / "assets" / "rules" / "points.py")  # degrees are no value
    assert lines_with(r"\bfloat\(", exact) == []


@pytest.mark.parametrize("domain", DOMAINS)
def test_a_domain_has_its_four_parts(domain: str) -> None:
    folder = ROOT / "ledger" / domain
    for part in ("rules", "models", "queries", "service"):
        assert (folder / f"{part}.py").exists() or (folder / part / "__init__.py").exists(), part


def offered(folder: Path) -> Iterator[tuple[Path, ast.FunctionDef]]:
    """The functions that a domain's service offers: of the file, or what its package names."""
    paths, names = [folder / "service.py"], None
    if not paths[0].exists():
        paths = sorted((folder / "service").glob("*.py"))
        inits = ast.walk(ast.parse((folder / "service" / "__init__.py").read_text()))
        names = {
            one.name for node in inits if isinstance(node, ast.ImportFrom) for one in node.names
        }
    for path in paths:
        for node in ast.parse(path.read_text()).body:
            public = isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
            if public and (names is None or node.name in names):  # type: ignore[attr-defined]
                yield path, node  # type: ignore[misc]


def test_services_take_keywords_after_the_session() -> None:
    loose = [
        f"{name(path)}:{node.lineno} {node.name}"
        for domain in DOMAINS
        for path, node in offered(ROOT / "ledger" / domain)
        if len(node.args.args) > 1 and node.args.args[0].arg == "session"
    ]
    assert loose == []


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
    ).stdout.split("\0")
    return [path for one in listed if one and (path := ROOT / one).is_file()]


def test_nothing_names_a_machine_or_a_package_host() -> None:
    hosts = ("registry.npmjs" + ".org", "files.pythonhosted" + ".org", "pypi" + ".org/simple")
    places = ("/wor" + "k/", "/ho" + "me/", "/ro" + "ot/", "/Use" + "rs/")
    found = [
        f"{name(path)}: {words}"
        for path in tracked()
        if path.suffix in (".py", ".md", ".toml", ".json", ".txt", ".in", ".html", ".css", "")
        for words in (*hosts, *places)
        if words in path.read_text(errors="replace")
    ]
    assert found == []


def test_what_is_installed_or_made_is_not_kept() -> None:
    made = ("static/vendor/", "node_modules/", "var/", "__pycache__/", ".venv/", "screenshots/")
    assert [name(path) for path in tracked() if any(part in f"{name(path)}" for part in made)] == []
