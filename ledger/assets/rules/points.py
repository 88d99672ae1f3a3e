"""Where an asset is: coordinates in whole millionths of a degree, WGS84 (A6).

One millionth of a degree is at most 0.11 m. British National Grid is turned to degrees with
PROJ's own transformation (EPSG:27700 to EPSG:4326, good to about 5 m without the OS grid).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from statistics import median
from typing import Final

from ledger.assets.rules.notes import Note

_NUMBER: Final = re.compile(r"[-+]?[0-9]{1,9}(?:\.[0-9]{1,20})?", re.ASCII)
_WKT: Final = re.compile(r"POINT\s*\(\s*(\S+)\s+(\S+)\s*\)", re.IGNORECASE)
_DEGREES: Final = {"wgs84", "etrs89", "epsg4326", "4326", "latlong"}
_METRES: Final = {"osgb36", "osgb1936", "bng", "britishnationalgrid", "epsg27700", "27700"}
_LON, _LAT = (Decimal("-8.7"), Decimal("1.8")), (Decimal("49.8"), Decimal("60.9"))
_FAR_METRES_MIN: Final = 10_000
_FAR_TIMES: Final = 4


@dataclass(frozen=True, slots=True)
class Point:
    """A place in Great Britain, in whole millionths of a degree (WGS84)."""

    lat_microdegrees: int
    lon_microdegrees: int


@dataclass(frozen=True, slots=True)
class FarPoint:
    """A line whose point lies far from the middle of its file, and by how many kilometres."""

    line: int
    kilometres: int


def parse_point(x: str, y: str, wkt: str = "") -> tuple[str, str]:
    """The two coordinates as text; a ``POINT(lon lat)`` stands in for empty ones."""
    found = _WKT.search(wkt) if not (x or y) else None
    return (found[1], found[2]) if found else (x, y)


def place_point(x: str, y: str, crs: str, *, line: int) -> tuple[Point | None, list[Note]]:
    """A6: the point of a row and what was odd about it."""
    if not x and not y:
        return None, [Note(line, "point_missing")]
    if not x or not y:
        return None, [Note(line, "point_half", found=x or y)]
    first, second = _number(x), _number(y)
    stated = f"{x}, {y}"
    if first is None or second is None:
        return None, [Note(line, "point_bad", found=stated)]
    notes: list[Note] = []
    in_degrees = abs(first) <= 180 and abs(second) <= 180
    point = _from_degrees(first, second) if in_degrees else _from_metres(first, second)
    if point is None and in_degrees:
        point = _from_degrees(second, first)
        if point is not None:
            notes.append(Note(line, "point_swapped", found=stated))
    if point is None:
        return None, [Note(line, "point_bad", found=stated)]
    return point, notes + _crs_notes(crs, in_degrees=in_degrees, line=line)


def _number(text: str) -> Decimal | None:
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def _from_degrees(lon: Decimal, lat: Decimal) -> Point | None:
    if _LON[0] <= lon <= _LON[1] and _LAT[0] <= lat <= _LAT[1]:
        return Point(round(lat * 1_000_000), round(lon * 1_000_000))
    return None


def _from_metres(easting: Decimal, northing: Decimal) -> Point | None:
    if not (1_000 <= easting <= 700_000 and 1_000 <= northing <= 1_300_000):
        return None
    lon, lat = _grid_to_degrees()(float(easting), float(northing))
    return _from_degrees(Decimal(repr(lon)), Decimal(repr(lat)))


@cache
def _grid_to_degrees() -> Callable[[float, float], tuple[float, float]]:
    from pyproj import Transformer  # loading PROJ takes a while: only when a file needs it

    transform = Transformer.from_crs("EPSG:27700", "EPSG:4326", always_xy=True).transform

    def to_degrees(easting: float, northing: float) -> tuple[float, float]:
        lon, lat = transform(easting, northing)
        return float(lon), float(lat)

    return to_degrees


@lru_cache(maxsize=256)
def _crs_name(crs: str) -> str:
    return "".join(letter for letter in crs.casefold() if letter.isalnum())


def _crs_notes(crs: str, *, in_degrees: bool, line: int) -> list[Note]:
    name = _crs_name(crs)
    if not name:
        return [Note(line, "crs_missing")]
    if name not in _DEGREES and name not in _METRES:
        return [Note(line, "crs_unknown", found=crs)]
    if (name in _DEGREES) != in_degrees:
        return [Note(line, "crs_contradicts", found=crs)]
    return []


def far_points(points: Sequence[tuple[int, Point]]) -> list[FarPoint]:
    """A6: the points much farther from the middle of the file than most.

    Far is more than 10 km and more than four times the middle distance; fewer than five
    points have no middle.
    """
    if len(points) < 5:
        return []
    mid_lat = median(point.lat_microdegrees for _, point in points)
    mid_lon = median(point.lon_microdegrees for _, point in points)
    away = [
        (line, _metres(point.lat_microdegrees - mid_lat, point.lon_microdegrees - mid_lon, mid_lat))
        for line, point in points
    ]
    bound = max(_FAR_METRES_MIN, _FAR_TIMES * median(metres for _, metres in away))
    return [FarPoint(line, round(metres / 1000)) for line, metres in away if metres > bound]


def _metres(lat_step: float, lon_step: float, lat: float) -> float:
    """Distance on a flat Earth, good to 1 % within a county; steps in millionths of a degree."""
    narrowing = 0.623 - 0.0000000143 * (lat - 51_500_000)  # cosine of the latitude, made straight
    return 0.1113 * float((lat_step**2 + (lon_step * narrowing) ** 2) ** 0.5)
