"""People, roles, organisations and tokens as the API shows and takes them."""

from __future__ import annotations

from marshmallow import fields, validate

from ledger.api.schemas.base import (
    Day,
    Instant,
    Reference,
    StrictBoolean,
    StrictInteger,
    StrictSchema,
    Text,
)
from ledger.kernel import limits
from ledger.parties.rules import ORGANISATION_KINDS, ROLES, SCOPES, TOKEN_DAYS_MAX


class RoleSchema(StrictSchema):
    """A role that a person holds or held."""

    id = Reference()
    role = fields.String(validate=validate.OneOf(tuple(ROLES)))
    organisation = Reference("ORG", allow_none=True)
    granted_at = Instant()
    ended_at = Instant(allow_none=True)


class NewRole(StrictSchema):
    """A role to give to a person."""

    role = fields.String(required=True, validate=validate.OneOf(tuple(ROLES)))
    organisation = Reference("ORG", load_default=None, allow_none=True)


class PersonSchema(StrictSchema):
    """A person with what the vault holds."""

    id = Reference("PER")
    name = fields.String()
    email = fields.String()
    phone = fields.String()
    address = fields.String()
    born_on = Day(allow_none=True)
    show_name = StrictBoolean()
    state = fields.String()
    added_at = Instant()
    contact_proved_at = Instant(allow_none=True)


class NewPerson(StrictSchema):
    """A person to add."""

    name = Text(limits.NAME_CHARS_MAX, least=1, required=True)
    email = Text(limits.EMAIL_CHARS_MAX, load_default="")
    phone = Text(limits.LINE_CHARS_MAX, load_default="")
    address = Text(limits.LINE_CHARS_MAX, load_default="")
    born_on = Day(load_default=None, allow_none=True)
    show_name = StrictBoolean(load_default=False)


class ErasureSchema(StrictSchema):
    """How far an erasure is."""

    done = StrictBoolean(metadata={"description": "Whether it was carried out."})
    proposal = Reference("PRP")


class AccountReason(StrictSchema):
    """Why it is done."""

    reason = Text(limits.TEXT_CHARS_MAX, least=limits.REASON_CHARS_MIN, lines=True, required=True)


class MeSchema(StrictSchema):
    """Who the token belongs to."""

    person = fields.String()
    name = fields.String()
    organisation = fields.String(allow_none=True)
    roles = fields.List(fields.String())
    scopes = fields.List(fields.String())


class OrganisationSchema(StrictSchema):
    """A council, agency, group or provider."""

    id = Reference("ORG")
    name = fields.String()
    kind = fields.String(validate=validate.OneOf(ORGANISATION_KINDS))


class NewOrganisation(StrictSchema):
    """An organisation to add."""

    name = Text(limits.NAME_CHARS_MAX, least=1, required=True)
    kind = fields.String(required=True, validate=validate.OneOf(ORGANISATION_KINDS))


class OrganisationList(StrictSchema):
    """All organisations."""

    items = fields.List(fields.Nested(OrganisationSchema))


class NeighbourhoodSchema(StrictSchema):
    """A neighbourhood."""

    id = Reference("NBH")
    name = fields.String()
    code = fields.String()


class NeighbourhoodList(StrictSchema):
    """All neighbourhoods."""

    items = fields.List(fields.Nested(NeighbourhoodSchema))


class NewNeighbourhood(StrictSchema):
    """A neighbourhood to add."""

    name = Text(limits.NAME_CHARS_MAX, least=1, required=True)
    code = Text(40, load_default="")


class TokenSchema(StrictSchema):
    """A bearer token without its secret."""

    id = Reference("TOK")
    person = Reference("PER")
    name = fields.String()
    scopes = fields.Function(lambda token: token.scopes.split())
    made_at = Instant()
    expires_at = Instant()
    ended_at = Instant(allow_none=True)


class TokenList(StrictSchema):
    """Your tokens."""

    items = fields.List(fields.Nested(TokenSchema))


class NewToken(StrictSchema):
    """A token to make for yourself."""

    name = Text(limits.NAME_CHARS_MAX, least=1, required=True)
    scopes = fields.List(
        fields.String(validate=validate.OneOf(SCOPES)),
        required=True,
        validate=validate.Length(min=1, max=len(SCOPES)),
    )
    days = StrictInteger(least=1, most=TOKEN_DAYS_MAX, required=True)


class MadeToken(StrictSchema):
    """A new token: the secret is shown this once."""

    id = Reference("TOK")
    secret = fields.String(allow_none=True)
