"""Reading a register: nothing lost, every oddity named by line, the same file changes nothing."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from ledger.assets import queries, rules, service
from ledger.kernel.clock import FixedClock
from ledger.kernel.db import transact, transaction
from ledger.kernel.errors import Forbidden, RefusedByDatabase
from tests.cast import Place

FILES = Path(__file__).resolve().parent.parent / "files"
REGISTER = FILES / "testwick_register.csv"


def read(path: Path, **options: object) -> service.Prepared:
    with path.open("rb") as stream:
        return service.prepare(stream, file_name=path.name, **options)  # type: ignore[arg-type]


def read_text(words: str | bytes, name: str = "register.csv") -> service.Prepared:
    raw = words.encode() if isinstance(words, str) else words
    return service.prepare(io.BytesIO(raw), file_name=name)


def bring_in(
    place: Place, clock: FixedClock, prepared: service.Prepared, **options: bool
) -> service.Report:
    return transact(
        lambda s: service.import_register(
            s, prepared=prepared, actor=place.actor("broker"), now=clock.now(), **options
        )
    )


def without(line: int) -> bytes:
    lines = REGISTER.read_bytes().splitlines(keepends=True)
    return b"".join(lines[: line - 1] + lines[line:])


def test_every_row_is_kept_and_every_oddity_is_named_by_its_line(
    app: Flask, place: Place, clock: FixedClock
) -> None:
    report = bring_in(place, clock, read(REGISTER))
    assert (report.rows_read, report.added, report.changed) == (11, 11, 0)
    with transaction(read_only=True) as s:
        found = {(note.kind, note.line) for note in queries.notes(s, report.import_id)}
    assert {
        ("uprn_repeat", 4), ("tenure_variant", 4), ("postcode_district", 4), ("uprn_missing", 5),
        ("point_missing", 5), ("point_swapped", 6), ("tenure_missing", 7), ("postcode_missing", 7),
        ("uprn_bad", 8), ("text_double_encoded", 8), ("postcode_bad", 8), ("point_far", 9),
        ("code_repeat", 10), ("tenure_unknown", 10), ("point_half", 11), ("date_bad", 11),
        ("point_bad", 12), ("column_empty", 0), ("dates_differ", 0),
    } <= found  # fmt: skip


def test_what_can_be_mended_is_mended_and_a_uprn_keeps_its_leading_zero(
    app: Flask, place: Place, clock: FixedClock
) -> None:
    bring_in(place, clock, read(REGISTER))
    with transaction(read_only=True) as s:
        youth = queries.public_list(s, search="weir youth")[0]
        rent = queries.public_list(s, search="rent of")[0]
        uprn = s.execute(text("SELECT uprn FROM asset WHERE name LIKE 'Weir%'")).scalar_one()
        kinds = [
            queries.get(s, asset.id).tenure_detail
            for asset in queries.public_list(s, search="lock cottage")
        ]
    assert (youth.lat_microdegrees, youth.lon_microdegrees) == (53388990, -2352110)
    assert rent.name == "Rent of £62 a year"
    assert uprn == "012345678901"
    assert kinds == ["Leasehold Out", "Leasehold Out"]


def test_the_same_file_again_changes_nothing_and_makes_no_new_report(
    app: Flask, place: Place, clock: FixedClock
) -> None:
    first = bring_in(place, clock, read(REGISTER))
    clock.move(timedelta(days=1))
    again = bring_in(place, clock, read(REGISTER))
    with transaction(read_only=True) as s:
        assert len(queries.imports(s)) == 1
        assert queries.public_count(s) == 11
    assert (again.same_file, again.nothing_changed, again.import_id) == (
        True,
        True,
        first.import_id,
    )


def test_a_row_that_a_newer_file_lacks_is_not_seen_and_its_history_stays(
    app: Flask, place: Place, clock: FixedClock
) -> None:
    bring_in(place, clock, read(REGISTER))
    with transaction(read_only=True) as s:
        hall = queries.public_list(s, search="wharf hall")[0].id
    gone = bring_in(place, clock, read_text(without(2)))
    with transaction(read_only=True) as s:
        assert queries.public_list(s, search="wharf hall") == []
        assert queries.public_asset(s, hall).state == "not_seen"
    back = bring_in(place, clock, read(REGISTER))
    with transaction(read_only=True) as s:
        changes = [version.change for version in queries.versions(s, hall)]
    assert (gone.not_seen, gone.added, gone.unchanged) == (1, 0, 10)
    assert (back.changed, back.unchanged) == (1, 10)
    assert changes == ["returned", "not_seen", "added"]


def test_a_file_that_lacks_most_of_the_register_is_refused_unless_that_is_expected(
    app: Flask, place: Place, clock: FixedClock
) -> None:
    bring_in(place, clock, read(REGISTER))
    few = b"".join(REGISTER.read_bytes().splitlines(keepends=True)[:4])
    with pytest.raises(rules.TooFewRows, match="8 of the 11"):
        bring_in(place, clock, read_text(few))
    with transaction(read_only=True) as s:
        assert queries.public_count(s) == 11
    assert bring_in(place, clock, read_text(few), expect_fewer=True).not_seen == 8


def test_a_dry_run_says_what_would_happen_and_keeps_nothing(
    app: Flask, place: Place, clock: FixedClock
) -> None:
    report = bring_in(place, clock, read(REGISTER), dry_run=True)
    with transaction(read_only=True) as s:
        counts = [
            s.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
            for table in ("asset", "asset_import", "asset_register", "asset_version")
        ]
    assert (report.added, report.dry_run, counts) == (11, True, [0, 0, 0, 0])


def test_a_brownfield_file_in_cp1252_is_read_and_its_grid_turned_into_degrees(
    app: Flask, place: Place, clock: FixedClock
) -> None:
    report = bring_in(place, clock, read(FILES / "testwick_brownfield_cp1252.csv"))
    with transaction(read_only=True) as s:
        depot = queries.public_list(s, search="mill street")[0]
        tannery = queries.public_list(s, search="tannery")[0]
    assert depot.name == "Former dépôt – Mill Street"
    assert depot.lat_microdegrees is not None
    assert abs(depot.lat_microdegrees - tannery.lat_microdegrees) < 2_000  # type: ignore[operator]
    assert report.tally == {
        "encoding_cp1252": 1, "point_far": 1, "crs_unknown": 3, "crs_contradicts": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "refusal", "says"),
    [
        (b"%PDF-1.7\n%\xe2\xe3", rules.FileNotText, "a PDF"),
        (b"PK\x03\x04rest", rules.FileNotText, "Excel"),
        (b"", rules.FileNotText, "empty"),
        (b"a,b\n1,\x002\n", rules.FileNotText, "NUL"),
        (b"<html></html>", rules.FileNotText, "web page"),
        (b"colour,shape\nred,round\n", rules.HeadingsUnknown, "“colour”"),
        (REGISTER.read_bytes()[:1500], rules.FileTruncated, "stops in the middle"),
        (b'name,postcode,lon,lat\n"never closed,TW1 1AA,1,2\n' + b"x" * 200_000,
         rules.FileTruncated, "cannot be read"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_register_is_refused_with_what_to_do(
    words: bytes, refusal: type[Exception], says: str
) -> None:
    with pytest.raises(refusal, match=says):
        read_text(words)


def test_two_gigabytes_of_zeros_are_refused_without_being_read(tmp_path: Path) -> None:
    zeros = tmp_path / "zeros.csv"
    with zeros.open("wb") as file:
        file.truncate(2 * 1024**3)
    with pytest.raises(rules.FileTooLarge, match="2,147,483,648 bytes"):
        read(zeros)


def test_a_reader_may_not_import(app: Flask, place: Place, clock: FixedClock) -> None:
    with pytest.raises(Forbidden):
        transact(
            lambda s: service.import_register(
                s, prepared=read(REGISTER), actor=place.actor("resident"), now=clock.now()
            )
        )


def test_the_public_sees_only_the_district_of_a_vacant_building(
    app: Flask, place: Place, clock: FixedClock
) -> None:
    bring_in(place, clock, read(REGISTER))
    with transaction(read_only=True) as s:
        assert queries.public_list(s, search="far fort")[0].postcode == "TW9"
        assert queries.public_list(s, search="wharf hall")[0].postcode == "TW1 1AA"


@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM asset", "UPDATE asset_version SET line = 0", "DELETE FROM asset_import_note",
     "UPDATE asset_import SET rows_read = 0, added = 0"],
)  # fmt: skip
@pytest.mark.owner_only("it reads the guard's own words, and without the right no guard is asked")
def test_raw_sql_cannot_take_anything_out_of_the_register(
    app: Flask, place: Place, clock: FixedClock, statement: str
) -> None:
    bring_in(place, clock, read(REGISTER))
    with pytest.raises(RefusedByDatabase, match="never"), transaction() as s:
        s.execute(text(statement))
