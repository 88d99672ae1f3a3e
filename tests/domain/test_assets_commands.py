"""``flask ledger assets``: what it prints, what it keeps, how it refuses."""

from __future__ import annotations

from pathlib import Path

from flask import Flask

from tests.cast import Place

REGISTER = str(Path(__file__).resolve().parent.parent / "files" / "testwick_register.csv")


def say(app: Flask, *words: str) -> tuple[int, str]:
    answer = app.test_cli_runner().invoke(args=["ledger", "assets", *words])
    return answer.exit_code, answer.output


def test_a_file_is_tried_read_and_read_again(app: Flask, place: Place) -> None:
    tried = say(app, "import", REGISTER, "--dry-run")
    made = say(app, "import", REGISTER)
    again = say(app, "import", REGISTER)
    assert (tried[0], made[0], again[0]) == (0, 0, 0)
    assert "Nothing was kept" in tried[1]
    assert "Rows: 11 read, 11 added, 0 changed, 0 unchanged; 0 no longer seen" in made[1]
    assert "line 6: 53.38899, -2.35211" in made[1]
    assert "lines 5, 7, 9, 10, 11, 12" in made[1]
    assert "No change: this file was imported before" in again[1]
    assert "1 imports" in say(app, "imports")[1]
    assert "1 of 1" in say(app, "list", "--search", "wharf")[1]
    assert "0 buildings" in say(app, "idle")[1]


def test_a_bad_file_is_one_sentence_and_exit_status_1(
    app: Flask, place: Place, tmp_path: Path
) -> None:
    bad = tmp_path / "register.csv"
    bad.write_bytes(b"%PDF-1.7")
    code, said = say(app, "import", str(bad))
    assert code == 1
    assert "Error: register.csv: It is a PDF" in said
    assert "(assets.file_not_text)" in said
    assert "Traceback" not in said
