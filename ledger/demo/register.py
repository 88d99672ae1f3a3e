"""Harrowmere's land and building register, with the headings of the Transparency Code and a
few of the oddities that real registers have. The points lie in the open sea: it is nowhere.
"""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Final

HEADINGS: Final = (
    "OrganisationLabel", "OrganisationURI", "EffectiveDate", "UPRN", "AssetCode", "PropertyName",
    "StreetNumber", "StreetName", "PostTown", "PostCode", "CoordinateReferenceSystem", "GeoX",
    "GeoY", "TenureType", "TenureDetail", "OtherDetail", "HoldingType", "BuildingSize",
    "LandArea", "EnergyRating",
)  # fmt: skip

# UPRN, code, name, number, street, postcode, x, y, tenure, detail, type, square metres, rating
_ROWS: Final = (
    ("000990000011", "HBC0001", "Harrowmere Town Hall", "1", "Market Place", "ZZ9 1AA", "-3.6021", "53.7512", "Freehold", "Owner Occupied", "Buildings", "2140", "D"),
    ("000990000012", "HBC0002", "Canal Side Hall", "14", "Wharf Road", "ZZ9 2AB", "-3.6113", "53.7468", "Freehold", "Owner Occupied", "Buildings", "415.5", "C"),
    ("000990000013", "HBC0003", "Mill Lane Library", "3", "Mill Lane", "ZZ9 3AC", "-3.5934", "53.7581", "Freehold", "Owner Occupied", "Buildings", "620", "C"),
    ("000990000014", "HBC0004", "Station Quarter Youth Centre", "", "Station Approach", "ZZ9 4AD", "-3.6202", "53.7549", "Freehold", "Leasehold Out", "Buildings", "388", "E"),
    ("000990000015", "HBC0005", "Old Wharf Depot", "", "Wharf Road", "ZZ9", "", "", "Freehold", "Vacant", "Buildings", "1299", ""),
    ("000990000015", "HBC0006", "Old Wharf Depot Yard", "", "Wharf Road", "ZZ9", "", "", "Freehold", "Vacant", "Land", "", ""),
    ("", "HBC0007", "Priory Allotments", "", "Priory Walk", "ZZ9 5AE", "-3.5871", "53.7493", "Freehold", "Owner Occupied", "Land", "", ""),
    ("000990000017", "HBC0008", "Northgate Swimming Pool", "22", "Northgate", "ZZ9 6AF", "-3.6049", "53.7633", "Freehold", "Leasehold out", "Buildings", "1840", "D"),
    ("000990000018", "HBC0009", "Foundry Lane Workshops", "7", "Foundry Lane", "ZZ9 7AG", "-3.6275", "53.7490", "Leasehold", "Vacant", "Buildings", "940", "F"),
    ("000990000019", "HBC0010", "Eastfield Pavilion", "", "Eastfield Road", "ZZ9 8AH", "53.7527", "-3.5788", "Freehold", "Owner Occupied", "Buildings", "210", ""),
    ("000990000020", "HBC0011", "Hollins Community Centre", "40", "Hollins Rise", "ZZ9 9AJ", "-3.6152", "53.7607", "Freehold", "Owner Occupied", "Buildings", "530", "C"),
    ("000990000021", "HBC0012", "Weir Bank Boathouse", "", "Weir Bank", "ZZ9 2AK", "-3.5999", "53.7441", "Freehold", "Vacant", "Buildings", "176", ""),
    ("", "HBC0013", "Market Place Kiosk", "", "Market Place", "ZZ9 1AL", "-3.6024", "53.7509", "Freehold", "Leasehold Out", "Buildings", "12", ""),
    ("000990000023", "HBC0014", "CafÃ© at the Locks", "2", "Lock Street", "ZZ9 2AM", "-3.6098", "53.7475", "Freehold", "Leasehold Out", "Buildings", "84", "B"),
    ("000990000024", "HBC0015", "Shop, 9 Station Approach", "9", "Station Approach", "ZZ9 4AN", "-3.6190", "53.7552", "", "Vacant", "Buildings", "66", ""),
    ("", "HBC0016", "Garage site, Mill Lane", "", "Mill Lane", "ZZ9", "", "", "Freehold", "Vacant", "Land", "", ""),
    ("000990000026", "HBC0017", "Priory Park Bandstand", "", "Priory Walk", "ZZ9 5AP", "-3.5866", "53.7501", "Freehold", "Owner Occupied", "Buildings", "38", ""),
    ("000990000027", "HBC0018", "Eastfield Day Centre", "15", "Eastfield Road", "ZZ9 8AQ", "-3.5802", "53.7519", "Leasehold", "Owner Occupied", "Buildings", "702", "D"),
)  # fmt: skip


def register_csv(on: date) -> bytes:
    """The register as the council would publish it, effective on a day."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADINGS)
    for row in _ROWS:
        uprn, code, name, number, street, postcode, x, y, tenure, detail, kind, size, rating = row
        writer.writerow(
            ["Harrowmere Borough Council", "https://harrowmere.example/id/council",
             on.isoformat(), uprn, code, name, number, street, "Harrowmere", postcode,
             "WGS84" if x else "", x, y, tenure, detail, "", kind, size, "", rating]
        )  # fmt: skip
    return out.getvalue().encode()
