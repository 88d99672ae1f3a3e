"""A building that no file brought, and the broker's advert for an asset."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ledger.assets import queries, rules
from ledger.assets.models import Asset, AssetRegister, AssetVersion, Listing
from ledger.assets.rules import Facts
from ledger.audit import service as audit
from ledger.kernel.errors import Conflict, Invalid
from ledger.kernel.ids import new_id
from ledger.kernel.texts import clean_line, clean_text
from ledger.parties.rules import Actor, require

BY_HAND = "Added by hand"


def add_building(
    session: Session,
    *,
    name: str,
    council: str,
    street: str = "",
    town: str = "",
    postcode: str = "",
    lat_microdegrees: int | None = None,
    lon_microdegrees: int | None = None,
    occupancy: str = "in use",
    actor: Actor,
    now: datetime,
) -> str:
    """Add one building to the register by hand; returns its reference (AST-…).

    Coordinates are whole millionths of a degree, WGS84.
    """
    require(actor, "asset.change")
    if occupancy not in rules.OCCUPANCIES:
        raise Invalid(
            "That occupancy is not known.",
            remedy=f"Use one of: {', '.join(rules.OCCUPANCIES)}.",
            place="occupancy",
        )
    _check_both(lat_microdegrees, lon_microdegrees)
    asset = new_id("AST")
    facts = Facts(
        code=asset, name=clean_line(name, place="name", shortest=1, longest=200),
        kind="building", council=clean_line(council, place="council", longest=200),
        street=clean_line(street, place="street"), town=clean_line(town, place="town"),
        postcode=clean_line(postcode.upper(), place="postcode", longest=10), lat_microdegrees=lat_microdegrees,
        lon_microdegrees=lon_microdegrees, occupancy=occupancy,
    )  # fmt: skip
    columns = {
        field: getattr(facts, field)
        for field in Facts.__dataclass_fields__
        if field != "source_row"
    }
    session.add(
        Asset(
            **columns, id=asset, register=_by_hand(session), state="current", version=1,
            search=rules.search_text(facts), digest=rules.digest_of(rules.text_of(facts)), first_import="",
            last_import="",
        )
    )  # fmt: skip
    session.flush()
    session.add(
        AssetVersion(
            asset=asset, version=1, import_id="", line=0, change="added",
            facts=rules.text_of(facts),
            recorded_at=now,
        )
    )  # fmt: skip
    audit.record(session, at=now, actor=actor.person, action="asset.add", subject=asset)
    return asset


def _check_both(lat_microdegrees: int | None, lon_microdegrees: int | None) -> None:
    if (lat_microdegrees is None) != (lon_microdegrees is None):
        raise Invalid(
            "Only one of the two coordinates is there.",
            remedy="Give both, or neither.",
            place="lon_microdegrees" if lon_microdegrees is None else "lat_microdegrees",
        )


def _by_hand(session: Session) -> str:
    found = session.execute(
        select(AssetRegister.id).where(AssetRegister.name == BY_HAND)
    ).scalar_one_or_none()
    if found is not None:
        return found
    register = AssetRegister(
        id=new_id("REG"), name=BY_HAND, profile="hand", licence="", source=BY_HAND, last_import=""
    )
    session.add(register)
    session.flush()
    return register.id


def list_asset(
    session: Session,
    *,
    asset: str,
    book: int,
    organisation: str,
    summary: str,
    terms: str = "hire",
    actor: Actor,
    now: datetime,
) -> str:
    """Offer an asset for use on behalf of its organisation; returns the listing (LST-…).

    Raises:
        Conflict: the asset is listed already.
    """
    require(actor, "asset.list")
    queries.get(session, asset)
    if queries.listing_of(session, asset) is not None:
        raise Conflict(
            "This asset has a listing already.",
            remedy="Change the listing that it has.",
            place=asset,
        )
    listing = Listing(
        id=new_id("LST"), asset=asset, book=book, organisation=organisation, terms=terms,
        summary=clean_text(summary, place="summary"), state="offered", listed_by=actor.person, listed_at=now,
    )  # fmt: skip
    session.add(listing)
    session.flush()
    audit.record(
        session, at=now, actor=actor.person, action="asset.list", subject=listing.id,
        facts={"asset": asset, "terms": terms},
    )  # fmt: skip
    return listing.id


def move_listing(
    session: Session, *, listing: str, was: str, to: str, reason: str, actor: Actor, now: datetime
) -> None:
    """Withdraw a listing, or offer it again.

    Raises:
        ListingMoveRefused: it is not in the state given, or may not move there.
    """
    require(actor, "asset.list")
    allowed = (was, to) in rules.LISTING_MOVES
    done = session.execute(
        update(Listing).where(Listing.id == listing, Listing.state == was).values(state=to)
    )
    if not allowed or done.rowcount != 1:  # type: ignore[attr-defined]
        raise rules.ListingMoveRefused(
            f"The listing cannot go from {was} to {to}.",
            remedy="Look at it again: somebody may have moved it.",
            place=listing,
        )
    audit.record(
        session, at=now, actor=actor.person, action="asset.listing", subject=listing,
        facts={"from": was, "to": to}, reason=reason,
    )  # fmt: skip
