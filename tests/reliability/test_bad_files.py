"""Files that are none, on every way in: the command, the API and the page, for both kinds of file.

A clear answer each, nothing written; and nobody else waits while a file is read.
"""

from __future__ import annotations

import contextvars
import io
import os
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import EnvironBuilder, TestResponse, run_wsgi_app

from ledger.assets import service as assets
from ledger.audit import service as audit
from ledger.http import once, units
from ledger.kernel import clock as kernel_clock
from ledger.kernel import limits
from ledger.kernel.db import transact
from tests import cast
from tests.reliability.test_bad_input import rows

REGISTER = (Path(__file__).resolve().parent.parent / "files" / "testwick_register.csv").read_bytes()
READINGS = b"area,period,value\nCanal Side,2024-01,3\nCanal Side,2024-02,5\nMill Lane,2024-01,7\n"
GOOD = {"register": REGISTER, "readings": READINGS}
WAYS = ("command", "api", "page")


def zipped(raw: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("a.csv", raw)
    return made.getvalue()


def twice(raw: bytes, at: int) -> bytes:
    """The table with one of its columns a second time, under the same heading."""
    lines = [line.split(b",") for line in raw.splitlines()]
    return b"".join(b",".join([*line, line[at]]) + b"\n" for line in lines)


BAD: dict[str, tuple[Callable[[bytes], bytes], tuple[str, ...]]] = {
    "nothing": (lambda _: b"", ("It is empty", "The file is empty")),
    "blank lines": (lambda _: b"\n\n \n", ("headings found are empty", "The file is empty")),
    "headings and no rows": (lambda raw: raw.splitlines()[0] + b"\n", ("no rows",)),
    "half a file": (lambda raw: raw[: len(raw) * 2 // 3], ("cut off",)),
    "half of a quoted cell": (
        lambda raw: raw.rstrip(b"\n") + b'\n"Mill Lane,2024-02,', ("cut off",),
    ),
    "a quotation mark that is never closed": (
        lambda raw: raw.replace(b"\n", b"\n", 1).rstrip(b"\n")[: raw.rstrip().rfind(b",") + 1]
        + b'"E\n' + raw.split(b"\n", 1)[1],
        ("never closed", "rules of CSV", "unexpected end"),
    ),
    "a PDF renamed": (lambda _: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n" * 9, ("a PDF",)),
    "a zip renamed": (zipped, ("an Excel workbook or a zip file",)),
    "a picture renamed": (lambda _: b"\x89PNG\r\n\x1a\n" + bytes(40), ("a picture",)),
    "a web page": (lambda _: b"<!DOCTYPE html>\n<html></html>\n", ("a web page or JSON",)),
    "JSON": (lambda _: b'{"rows": []}', ("a web page or JSON",)),
    "UTF-16": (lambda raw: raw.decode().encode("utf-16"), ("UTF-16",)),
    "UTF-16 without its mark": (
        lambda raw: raw.decode().encode("utf-16-le"), ("NUL bytes", "not text"),
    ),
    "zeros": (lambda _: bytes(4096), ("NUL bytes", "not text")),
    "a NUL far below": (
        lambda raw: raw + raw.split(b"\n", 1)[1] * 40 + b"a\x00b,2024-03,1\n",
        ("NUL bytes", "not text"),
    ),
    "semicolons": (lambda raw: raw.replace(b",", b";"), ("separated by semicolons",)),
    "tabs": (lambda raw: raw.replace(b",", b"\t"), ("separated by tabs",)),
    "a heading twice": (lambda raw: twice(raw, 0), ("stands more than once", "no layout known")),
    "headings of something else": (
        lambda _: b"colour,shape\nred,round\n", ("headings found are", "The headings are"),
    ),
    "a line of ten thousand cells": (
        lambda raw: raw + b"x," * 10_000 + b"1\n", ("cells; 2,000 is the most", "has 10001 columns"),
    ),
    "a cell of two hundred thousand characters": (
        lambda raw: raw + b"x" * 200_000 + b",2024-03,1\n", ("field larger",),
    ),
}  # fmt: skip


def send(app: Flask, place: cast.Place, way: str, kind: str, path: Path) -> tuple[bool, str]:
    """Whether the file was taken, and what was said."""
    if way == "command":
        words = (
            ["assets", "import", str(path)] if kind == "register"
            else ["readings", "import", str(path), "--measure", "fires.test"]
        )  # fmt: skip
        done = app.test_cli_runner().invoke(args=["ledger", *words])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code == 0, done.output
    with path.open("rb") as stream:
        answer = upload(app, place, way, kind, (stream, path.name))
    assert answer.status_code < 500
    return answer.status_code < 400, answer.text


def upload(
    app: Flask, place: cast.Place, way: str, kind: str, file: Any, **options: Any
) -> TestResponse:
    part = "broker" if kind == "register" else "analyst"
    fields = {"file": file} | ({"profile": "auto"} if kind == "register" else {})
    fields |= {} if kind == "register" else {"measure": "fires.test"}
    if way == "api":
        if kind == "register":
            fields.pop("profile")
        where = "/api/v1/assets/imports" if kind == "register" else "/api/v1/readings/imports"
        client = options.pop("client", None) or cast.api_client(app, place, part)
        answer: TestResponse = client.post(
            where, data=fields, content_type="multipart/form-data", **options
        )
        return answer
    where = "/brokers/imports" if kind == "register" else "/analyst/readings"
    browser: Any = cast.sign_in(app.test_client(), place, part)
    made: TestResponse = browser.submit(where, fields)
    return made


@pytest.mark.parametrize("kind", sorted(GOOD))
@pytest.mark.parametrize("way", WAYS)
def test_a_file_that_is_none_is_refused_in_words(
    app: Flask, place: cast.Place, way: str, kind: str, tmp_path: Path
) -> None:
    before, faults = rows(app), list[tuple[str, bool, str]]()
    for what, (spoil, words) in BAD.items():
        path = tmp_path / f"{kind}.csv"
        path.write_bytes(spoil(GOOD[kind]))
        taken, said = send(app, place, way, kind, path)
        if taken or not any(word in said for word in words):
            faults.append((what, taken, said[-300:]))
        if way != "page" and path.name not in said:
            faults.append((f"{what}: the file is not named", taken, said[-300:]))
    print(f"COUNT bad_files={len(BAD)} faults={len(faults)}")
    assert faults == []
    assert rows(app) | {"api_token": 0} == before  # each call of the API brought its own


@pytest.mark.parametrize("kind", sorted(GOOD))
@pytest.mark.parametrize("way", WAYS)
def test_the_same_table_in_another_form_is_read(
    app: Flask, place: cast.Place, way: str, kind: str, tmp_path: Path
) -> None:
    path = tmp_path / f"{kind}.csv"
    text = GOOD[kind].decode()
    for raw in (
        b"\xef\xbb\xbf" + GOOD[kind], text.replace("Canal", "Canàl").encode("cp1252"),
        text.replace("\r\n", "\n").replace("\n", "\r\n").encode(),
    ):  # fmt: skip
        path.write_bytes(raw)
        assert send(app, place, way, kind, path)[0]


@pytest.mark.parametrize("hidden", ["\u202e", "\u200b", "\x07", "\ufeff"])
def test_a_name_that_cannot_all_be_seen_is_refused_by_its_line(
    app: Flask, place: cast.Place, hidden: str, tmp_path: Path
) -> None:
    path = tmp_path / "readings.csv"
    path.write_bytes(READINGS + f"Mill{hidden}Lane,2024-03,4\n".encode())
    before = rows(app)
    taken, said = send(app, place, "command", "readings", path)
    assert not taken
    assert f"line 5, area: “Mill{hidden}Lane” contains a hidden character" in said
    assert rows(app) == before


def test_a_line_is_counted_in_the_file_and_not_in_rows(
    app: Flask, place: cast.Place, tmp_path: Path
) -> None:
    path = tmp_path / "readings.csv"
    path.write_bytes(b'area,period,value\n"Canal\nSide",2024-01,3\nMill Lane,2024-01,-7\n')
    taken, said = send(app, place, "command", "readings", path)
    assert not taken
    assert "line 4, value: “-7” is below zero" in said


def test_no_cell_is_lost_where_two_headings_are_alike() -> None:
    lines = [line + b",%d,%d" % (at, at + 50) for at, line in enumerate(REGISTER.splitlines())]
    lines[0] = REGISTER.splitlines()[0] + b",Remark,Remark"
    read = assets.prepare(io.BytesIO(b"\n".join(lines) + b"\n"), file_name="register.csv")
    kept = read.rows[0].facts.source_row
    assert (kept["Remark"], kept["Remark column 22"]) == ("1", "51")


def test_a_last_line_without_an_end_is_read_and_pointed_at() -> None:
    read = assets.prepare(io.BytesIO(REGISTER.rstrip()), file_name="register.csv")
    assert ("end_unsure", 12) in {(note.kind, note.line) for note in read.notes}


@pytest.mark.parametrize("engine_name", ["sqlite"])  # refused before a database is asked
@pytest.mark.parametrize("kind", sorted(GOOD))
def test_two_gigabytes_of_zeros_are_refused_by_the_command(
    app: Flask, place: cast.Place, kind: str, tmp_path: Path, engine_name: str
) -> None:
    path = tmp_path / "zeros.csv"
    with path.open("wb") as file:
        file.truncate(2 * 1024**3)  # two gigabytes that take no room
    taken, said = send(app, place, "command", kind, path)
    assert not taken
    assert "zeros.csv" in said
    assert "bytes" in said


@pytest.mark.parametrize("engine_name", ["sqlite"])
@pytest.mark.parametrize("kind", sorted(GOOD))
def test_a_pipe_without_an_end_is_not_read_to_its_end(
    app: Flask, place: cast.Place, kind: str, tmp_path: Path, engine_name: str
) -> None:
    path, sent = tmp_path / "pipe.csv", [0]
    os.mkfifo(path)

    def pour() -> None:
        line = b"Mill Lane,2024-01,1\n" * 50_000
        try:
            with path.open("wb", buffering=0) as pipe:
                while sent[0] < 4 * limits.IMPORT_BYTES_MAX:
                    sent[0] += pipe.write(line)
        except BrokenPipeError:
            return

    pouring = threading.Thread(target=pour)
    pouring.start()
    taken, said = send(app, place, "command", kind, path)
    pouring.join()
    assert not taken
    assert "bytes" in said
    assert sent[0] < 2 * limits.IMPORT_BYTES_MAX


@pytest.mark.parametrize("kind", sorted(GOOD))
def test_a_pipe_is_read_like_a_file(
    app: Flask, place: cast.Place, kind: str, tmp_path: Path
) -> None:
    path = tmp_path / "pipe.csv"
    os.mkfifo(path)
    pouring = threading.Thread(target=path.write_bytes, args=(GOOD[kind],))
    pouring.start()
    taken, said = send(app, place, "command", kind, path)
    pouring.join()
    assert taken, said


READERS = {
    ("api", "register"): "ledger.assets.service.prepare",
    ("page", "register"): "ledger.assets.service.prepare",
    ("api", "readings"): "ledger.api.readings.parse",
    ("page", "readings"): "ledger.pages.analysts.parse",
}


def watched(monkeypatch: pytest.MonkeyPatch, where: str) -> list[bool]:
    """Each time that the file is read: whether somebody else could write meanwhile."""
    module, _, name = where.rpartition(".")
    reader = pytest.importorskip(module).__dict__[name]
    free: list[bool] = []

    def read(*args: Any, **kwargs: Any) -> Any:
        alone = once.recall("unit") is None and units.ambient() is None
        now = kernel_clock.now()
        if alone:
            transact(
                lambda s: audit.record(s, at=now, actor="PER-X", action="people.add", subject="X")
            )
        free.append(alone)
        return reader(*args, **kwargs)

    monkeypatch.setattr(where, read)
    return free


@pytest.mark.parametrize(("way", "kind"), sorted(READERS))
def test_nobody_waits_while_a_file_is_read(
    app: Flask, place: cast.Place, way: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = watched(monkeypatch, READERS[way, kind])
    answer = upload(app, place, way, kind, (io.BytesIO(GOOD[kind]), "table.csv"))
    assert answer.status_code < 400, answer.text
    assert free == [True]


@pytest.mark.parametrize("kind", sorted(GOOD))
def test_a_file_sent_again_with_its_key_is_not_read_again(
    app: Flask, place: cast.Place, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = watched(monkeypatch, READERS["api", kind])
    client = cast.api_client(app, place, "broker" if kind == "register" else "analyst")
    head = {"Idempotency-Key": "one key for this one file"}

    def answer(raw: bytes) -> TestResponse:
        return upload(
            app, place, "api", kind, (io.BytesIO(raw), "table.csv"), client=client, headers=head
        )

    first, again, other = answer(GOOD[kind]), answer(GOOD[kind]), answer(GOOD[kind] + b"\n")
    assert (again.status_code, again.data) == (first.status_code, first.data) == (201, first.data)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (other.status_code, "http.key_reused" in other.text) == (422, True)
    assert free == [True]


class Endless(io.RawIOBase):
    """A body that has no end, and counts what was taken of it."""

    taken = 0

    def readable(self) -> bool:
        return True

    def readinto(self, room: Any) -> int:
        self.taken += len(room)
        room[:] = bytes(len(room))
        return len(room)


@pytest.mark.parametrize("engine_name", ["sqlite"])
@pytest.mark.parametrize(
    "path",
    ["/api/v1/people", "/api/v1/assets/imports", "/api/v1/readings/imports", "/brokers/imports",
     "/analyst/readings", "/sign-in", "/nowhere"],
)  # fmt: skip
@pytest.mark.parametrize(
    "content_type", ["application/json", "text/csv", "multipart/form-data; boundary=x"]
)
def test_a_body_that_does_not_say_how_long_it_is_is_not_read(
    app: Flask, place: cast.Place, path: str, content_type: str, engine_name: str
) -> None:
    body, secret = Endless(), cast.api_secret(place, "administrator")
    builder = EnvironBuilder(path=path, method="POST", content_type=content_type)
    environ = builder.get_environ() | {
        "wsgi.input": body, "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked",
        "HTTP_AUTHORIZATION": f"Bearer {secret}", "HTTP_IDEMPOTENCY_KEY": "a key for this one body",
    }  # fmt: skip
    environ.pop("CONTENT_LENGTH", None)
    said, status, _ = contextvars.Context().run(run_wsgi_app, app, environ, buffered=True)
    assert status.startswith("411")
    assert b"Content-Length" in b"".join(said)
    assert body.taken == 0
