"""Assets, their versions, listings and imports as the API shows and takes them."""

from __future__ import annotations

from marshmallow import fields, validate

from ledger.api.schemas.base import (
    Day,
    Instant,
    PageQuery,
    Reference,
    StrictBoolean,
    StrictInteger,
    StrictSchema,
    Text,
)
from ledger.assets.rules import OCCUPANCIES
from ledger.kernel import limits


class AssetSchema(StrictSchema):
    """A building or piece of land as anyone may see it. Points are millionths of a degree."""

    id = Reference("AST")
    name = fields.String()
    kind = fields.String()
    council = fields.String()
    street = fields.String()
    town = fields.String()
    postcode = fields.String(metadata={"description": "only the district where it is vacant"})
    lat_microdegrees = fields.Integer(allow_none=True)
    lon_microdegrees = fields.Integer(allow_none=True)
    holding = fields.String()
    tenure = fields.String()
    tenure_detail = fields.String()
    occupancy = fields.String()
    state = fields.String()
    effective_on = Day(allow_none=True)
    listing = fields.String(allow_none=True)
    summary = fields.String()


class AssetQuery(PageQuery):
    """Which assets are asked for."""

    search = Text(limits.LINE_CHARS_MAX, load_default="")
    occupancy = fields.String(load_default="", validate=validate.OneOf(("", *OCCUPANCIES)))
    listed = fields.String(load_default="no", validate=validate.OneOf(("yes", "no")))


class NewAsset(StrictSchema):
    """A building to add by hand."""

    name = Text(limits.NAME_CHARS_MAX, least=1, required=True)
    council = Text(limits.NAME_CHARS_MAX, least=1, required=True)
    street = Text(limits.LINE_CHARS_MAX, load_default="")
    town = Text(limits.NAME_CHARS_MAX, load_default="")
    postcode = Text(10, load_default="")
    lat_microdegrees = StrictInteger(
        least=49_000_000, most=61_500_000, load_default=None, allow_none=True
    )
    lon_microdegrees = StrictInteger(
        least=-9_500_000, most=2_500_000, load_default=None, allow_none=True
    )


class AssetVersionSchema(StrictSchema):
    """What the register said of an asset at one time."""

    version = fields.Integer()
    change = fields.String()
    line = fields.Integer()
    import_id = fields.String()
    recorded_at = Instant()
    facts = fields.Dict()


class AssetVersionList(StrictSchema):
    """Every version, newest first."""

    items = fields.List(fields.Nested(AssetVersionSchema))


class NewListing(StrictSchema):
    """An advert for an asset."""

    summary = Text(limits.TEXT_CHARS_MAX, least=1, lines=True, required=True)
    terms = fields.String(
        load_default="hire",
        validate=validate.OneOf(("hire", "licence", "meanwhile", "transfer")),
    )


class ListingSchema(StrictSchema):
    """A broker's advert."""

    id = Reference("LST")
    asset = Reference("AST")
    organisation = fields.String()
    terms = fields.String()
    summary = fields.String()
    state = fields.String()
    listed_at = Instant()


class OpeningSchema(StrictSchema):
    """A stretch of a weekday (0 is Monday), in minutes of London's wall clock from midnight."""

    weekday = StrictInteger(most=6, required=True)
    opens_minute = StrictInteger(most=1439, required=True)
    closes_minute = StrictInteger(least=1, most=1440, required=True)


class NewOpeningHours(StrictSchema):
    """Opening hours from a day on."""

    from_on = Day(required=True)
    openings = fields.List(
        fields.Nested(OpeningSchema), required=True, validate=validate.Length(min=1, max=70)
    )


class NewBuildingClosure(StrictSchema):
    """A stretch of time in which a building is closed."""

    starts_at = Instant(required=True)
    ends_at = Instant(required=True)
    reason = Text(limits.LINE_CHARS_MAX, least=3, required=True)
    displacing = StrictBoolean(load_default=False)


class BuildingClosure(StrictSchema):
    """What a closure did."""

    displaced = fields.List(fields.String())


class AssetImportSchema(StrictSchema):
    """One file that was read into a register."""

    id = Reference("IMP")
    register = fields.String()
    number = fields.Integer()
    file_name = fields.String()
    file_digest = fields.String(metadata={"description": "SHA-256 of the file, hex"})
    file_bytes = fields.Integer()
    encoding = fields.String()
    profile = fields.String()
    rows_read = fields.Integer()
    added = fields.Integer()
    changed = fields.Integer()
    unchanged = fields.Integer()
    not_seen = fields.Integer()
    noted = fields.Integer()
    imported_at = Instant()


class AssetImportList(StrictSchema):
    """The latest imports, newest first."""

    items = fields.List(fields.Nested(AssetImportSchema))


class AssetImportReport(StrictSchema):
    """What an import did, or would do."""

    import_id = fields.String(metadata={"description": "empty for a dry run"})
    register = fields.String()
    profile = fields.String()
    file_name = fields.String()
    encoding = fields.String()
    rows_read = fields.Integer()
    added = fields.Integer()
    changed = fields.Integer()
    unchanged = fields.Integer()
    not_seen = fields.Integer()
    same_file = fields.Boolean()
    dry_run = fields.Boolean()
    tally = fields.Dict(keys=fields.String(), values=fields.Integer())


class AssetNoteSchema(StrictSchema):
    """One oddity of one line."""

    line = fields.Integer()
    kind = fields.String()
    column = fields.String()
    found = fields.String()
    title = fields.String()
    remedy = fields.String()
    mended = fields.Boolean()


class AssetNoteQuery(StrictSchema):
    """Which oddities are asked for."""

    kind = Text(40, load_default="")
    after_line = fields.Integer(load_default=-1, metadata={"description": "begin after this line"})


class AssetNoteList(StrictSchema):
    """Oddities in order of line, at most 1,000."""

    items = fields.List(fields.Nested(AssetNoteSchema))
