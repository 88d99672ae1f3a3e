"""The kinds of register that are known by their headings (A2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ledger.assets.rules.refusals import HeadingsUnknown
from ledger.kernel.files import wrong_separator

HEADING_ROWS_MAX: Final = 12
"""How many rows at the top are tried as headings."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One kind of register: which headings mean which field, and which must be there."""

    name: str
    title: str
    kind: str
    licence: str
    needs: tuple[tuple[str, ...], ...]
    fields: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Columns:
    """A profile applied to one file: the column number of each field, and all headings."""

    profile: Profile
    headings: tuple[str, ...]
    at: dict[str, int]


_OGL: Final = "Open Government Licence v3.0"

PROFILES: Final[dict[str, Profile]] = {
    "transparency": Profile(
        name="transparency",
        title="Local authority land and buildings (Transparency Code)",
        kind="holding",
        licence=_OGL,
        needs=(("name",), ("tenure",), ("uprn", "code")),
        fields={
            "council": ("organisationlabel", "organisationname", "organisation"),
            "effective_on": ("effectivedate", "date"),
            "uprn": ("uprn", "uniquepropertyreferencenumber"),
            "code": ("assetcode", "uniqueassetidentity", "uniqueassetid", "assetid", "assetref"),
            "name": ("propertyname", "assetname", "nameofbuildingland", "sitename", "name"),
            "street_number": ("streetnumber", "streetnumbers", "number"),
            "street": ("streetname", "street", "road", "address"),
            "town": ("posttown", "town"),
            "postcode": ("postcode",),
            "crs": ("coordinatereferencesystem", "coordinatesystem"),
            "x": ("geox", "easting", "longitude", "lon"),
            "y": ("geoy", "northing", "latitude", "lat"),
            "tenure": ("tenuretype", "tenure"),
            "tenure_detail": ("tenuredetail", "tenurecharacteristic"),
            "other_detail": ("otherdetail", "othertenure"),
            "holding": ("holdingtype", "landonlyorlandwithpermanentbuilding"),
            "size": ("buildingsize", "sizem2", "size"),
            "area": ("landarea",),
            "energy_rating": ("energyrating", "epcrating"),
        },
    ),
    "brownfield": Profile(
        name="brownfield",
        title="Brownfield land register",
        kind="brownfield",
        licence=_OGL,
        needs=(("name",), ("x", "point"), ("hectares",)),
        fields={
            "council": (
                "organisationlabel", "organisationname", "localauthority", "organisation",
                "organisationuri",
            ),
            "effective_on": (
                "lastupdateddate", "datelastupdated", "entrydate", "firstaddeddate",
            ),
            "code": ("sitereference", "lasiteref", "site"),
            "name": ("sitenameaddress", "siteaddress", "nameandaddressofsite"),
            "town": ("township",),
            "crs": ("coordinatereferencesystem", "coordinatesystem", "systemreference"),
            "x": ("geox",),
            "y": ("geoy",),
            "point": ("point",),
            "hectares": ("hectares", "areaha"),
            "area": ("hectares", "areaha"),
            "ownership": ("ownershipstatus", "ownership"),
            "ended_on": ("enddate",),
        },
    ),
    "places": Profile(
        name="places",
        title="Places open to the public (libraries, hubs, leisure centres)",
        kind="place",
        licence=_OGL,
        needs=(("name",), ("postcode",), ("x",), ("y",)),
        fields={
            "council": ("areaname", "council", "organisationlabel"),
            "code": ("code", "reference", "id"),
            "uprn": ("uprn",),
            "name": ("name", "communityhub", "libraryname"),
            "street": ("address",),
            "postcode": ("postcode",),
            "x": ("lon", "longitude", "geox", "easting"),
            "y": ("lat", "latitude", "geoy", "northing"),
            "other_detail": ("type", "managedby"),
            "website": ("website",),
        },
    ),
}  # fmt: skip


def normalised(heading: str) -> str:
    """A heading without its case, spaces and marks: ``Site Reference`` is ``sitereference``."""
    return "".join(letter for letter in heading.casefold() if letter.isalnum())


def _columns(profile: Profile, headings: Sequence[str]) -> Columns:
    found = [normalised(heading) for heading in headings]
    at = {
        field: found.index(name)
        for field, names in profile.fields.items()
        for name in [next((name for name in names if name in found), "")]
        if name
    }
    return Columns(profile, tuple(headings), at)


def _lacks(columns: Columns) -> list[str]:
    return [
        " or ".join(columns.profile.fields[field][0] for field in either)
        for either in columns.profile.needs
        if not any(field in columns.at for field in either)
    ]


def recognise(headings: Sequence[str], *, wanted: str = "auto") -> Columns | None:
    """The first profile whose headings are all there (or the one that is wanted)."""
    for profile in PROFILES.values():
        if wanted in ("auto", profile.name):
            columns = _columns(profile, headings)
            if not _lacks(columns):
                return columns
    return None


def find_headings(rows: Sequence[Sequence[str]], *, wanted: str = "auto") -> tuple[int, Columns]:
    """Which of the first rows holds the headings, and what they mean.

    Raises:
        HeadingsUnknown: none does; says which profile came nearest and what it lacks.
    """
    for number, row in enumerate(rows[:HEADING_ROWS_MAX]):
        columns = recognise(row, wanted=wanted)
        if columns is not None:
            _check_once(columns, line=number + 1)
            return number, columns
    _check_separator(rows)
    tried = [
        _columns(profile, row)
        for row in rows[:HEADING_ROWS_MAX]
        for profile in PROFILES.values()
        if wanted in ("auto", profile.name)
    ]
    nearest = min(tried, key=lambda columns: (len(_lacks(columns)), -len(columns.at)))
    shown = ", ".join(f"“{heading[:40]}”" for heading in nearest.headings[:12] if heading)
    raise HeadingsUnknown(
        f"The headings found are {shown or 'empty'}.",
        remedy=f"The nearest kind of register is “{nearest.profile.title}”;"
        f" it also needs: {', '.join(_lacks(nearest))}.",
        place="line 1",
    )


def _check_once(columns: Columns, *, line: int) -> None:
    """A heading that says where a fact is may stand only once: else nobody knows which to take."""
    found = [normalised(heading) for heading in columns.headings]
    twice = [columns.headings[at] for at in columns.at.values() if found.count(found[at]) > 1]
    if twice:
        raise HeadingsUnknown(
            f"The heading “{twice[0][:40]}” stands more than once.",
            remedy="Give each column a heading of its own, or take one of the columns out.",
            place=f"line {line}",
        )


def _check_separator(rows: Sequence[Sequence[str]]) -> None:
    for number, row in enumerate(rows[:HEADING_ROWS_MAX], start=1):
        separator = wrong_separator(list(row))
        if separator:
            raise HeadingsUnknown(
                f"The cells are separated by {separator}.",
                remedy="Save the file as CSV with commas between the cells.",
                place=f"line {number}",
            )
