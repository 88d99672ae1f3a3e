"""The real councils' files, read whole, where the shared data stand beside the project."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from flask import Flask

from ledger.assets import queries, service
from ledger.kernel.clock import FixedClock
from ledger.kernel.db import transact, transaction
from tests.cast import Place

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "assets"
BROWNFIELD = {
    "exeter": 28, "fylde": 47, "leicester": 66, "mole_valley": 18, "new_forest": 56,
    "opdc_2019a": 38, "opdc_2019b": 38, "preston": 58, "rochdale": 128, "south_hams_a": 12,
    "south_hams_b": 13, "worcester": 37,
}  # fmt: skip

if not DATA.is_dir() and os.environ.get("CI") != "true":
    pytest.skip("the shared data are not beside the project", allow_module_level=True)


def bring_in(place: Place, clock: FixedClock, name: str) -> service.Report:
    with (DATA / name).open("rb") as stream:
        prepared = service.prepare(stream, file_name=name)
    return transact(
        lambda s: service.import_register(
            s, prepared=prepared, actor=place.actor("broker"), now=clock.now()
        )
    )


def test_the_real_register_loses_no_row_and_reports_every_oddity(
    app: Flask, place: Place, clock: FixedClock
) -> None:
    report = bring_in(place, clock, "trafford_land_and_building_assets.csv")
    again = bring_in(place, clock, "trafford_land_and_building_assets.csv")
    assert (report.rows_read, report.added, report.changed, report.not_seen) == (608, 608, 0, 0)
    assert report.tally == {
        "column_empty": 1, "dates_differ": 1, "text_double_encoded": 1, "uprn_missing": 336,
        "uprn_repeat": 33, "postcode_missing": 3, "postcode_district": 229, "postcode_bad": 2,
        "point_missing": 235, "point_swapped": 1, "point_far": 2, "tenure_missing": 1,
        "tenure_variant": 1,
    }  # fmt: skip
    assert again.same_file
    with transaction(read_only=True) as s:
        assert queries.public_count(s) == 608
        assert queries.public_count(s, occupancy="vacant") == 187
        assert len(queries.map_points(s)) == 373
        davyhulme = queries.public_list(s, search="davyhulme youth")[0]
    assert davyhulme.lat_microdegrees == 53457484


def test_every_councils_brownfield_file_is_read_whole(
    app: Flask, place: Place, clock: FixedClock
) -> None:
    reports = {name: bring_in(place, clock, f"brownfield_{name}.csv") for name in BROWNFIELD}
    assert {name: report.rows_read for name, report in reports.items()} == BROWNFIELD
    assert reports["worcester"].tally["point_swapped"] == 32
    assert reports["rochdale"].tally["point_far"] == 1
    assert reports["preston"].tally["point_missing"] == 16
    assert reports["new_forest"].encoding == "cp1252"
    second = reports["south_hams_b"]
    assert (second.added, second.changed + second.unchanged) == (1, 12)


def test_the_libraries_of_ten_councils_are_one_register(
    app: Flask, place: Place, clock: FixedClock
) -> None:
    report = bring_in(place, clock, "gm_libraries.csv")
    assert (report.rows_read, report.added, report.notes) == (141, 141, ())


@pytest.mark.parametrize(
    "name",
    ["brownfield_fylde.original.txt", "brownfield_worcester.original.txt",
     "brownfield_preston.original.txt", "brownfield_south_hams_a.original.txt",
     "brownfield_south_hams_b.original.txt", "trafford_allotments.geojson"],
)  # fmt: skip
def test_a_table_pulled_out_of_a_pdf_is_refused_with_a_reason(name: str) -> None:
    with (DATA / name).open("rb") as stream, pytest.raises(Exception, match=r"headings|rows|JSON"):
        service.prepare(stream, file_name=name)
