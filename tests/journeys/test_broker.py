"""Callum Reedy reads the register, answers a request and looks after the hall."""

from __future__ import annotations

from pathlib import Path

from tests.journeys.walk import Walk

REGISTER = """\
OrganisationLabel,OrganisationURI,EffectiveDate,UPRN,AssetCode,PropertyName,StreetNumber,StreetName,PostTown,PostCode,CoordinateReferenceSystem,GeoX,GeoY,TenureType,TenureDetail,OtherDetail,HoldingType,BuildingSize,LandArea,EnergyRating
Weirdale Parish Council,,2026-01-01,000000000101,W1,Weirdale Village Hall,1,Green Lane,Weirdale,ZZ9 1AA,WGS84,-3.61,53.75,Freehold,Owner Occupied,,Buildings,120,,C
Weirdale Parish Council,,2026-01-01,,W2,"Pump House, =SUM(A1)",,Green Lane,Weirdale,ZZ9 1AB,WGS84,53.75,-3.61,Freehold,Vacant,,Buildings,20,,
"""


def test_broker(walk: Walk, tmp_path: Path) -> None:
    walk.sign_in("broker").sees("Asset broker’s desk", "Homework club").look("desk")
    walk.follow("Homework club").look("request")
    walk.press("Decline").sees("There is a problem").look("decline-needs-a-reason")
    walk.press("Confirm this booking").sees("The booking is confirmed").look("confirmed")

    walk.to("/desk").follow("Repair café").look("was-it-used")
    walk.choose("Yes, people came").press("Write it down").sees("Success").look("use-written-down")

    walk.to("/desk").follow("Canal Side Hall", exact=True).look("listing")
    walk.follow("Set a price").look("price").press("Set").sees("There is a problem").look(
        "price-errors"
    )
    walk.to("/desk").follow("What lies idle").look("what-lies-idle")

    walk.to("/desk").follow("Read a file into the register").look("read-a-file")
    walk.press("Read the file").sees("There is a problem").look("read-nothing")
    file = tmp_path / "weirdale.csv"
    file.write_text(REGISTER)
    walk.page.get_by_label("File", exact=True).set_input_files(file)
    walk.press("Read the file").sees("2").look("report-of-the-file")
    wrong = tmp_path / "scan.csv"
    wrong.write_bytes(b"%PDF-1.7 not a table")
    walk.to("/brokers/imports").page.get_by_label("File", exact=True).set_input_files(wrong)
    walk.press("Read the file").sees("There is a problem").look("a-pdf-renamed")
    walk.to("/buildings?q=weirdale").sees("Weirdale Village Hall").look("in-the-register")
