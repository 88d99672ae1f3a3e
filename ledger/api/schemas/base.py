"""The fields and schemas that every resource is built on: strict in, exact out.

Whole numbers are JSON integers, never strings, fractions or true; unknown names are refused;
texts have a length and no hidden characters; instants are RFC 3339 in UTC and days are ISO.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, ClassVar

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from ledger.kernel import limits
from ledger.kernel.errors import Invalid
from ledger.kernel.texts import clean_line, clean_text

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|\+00:00)", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_DIGITS = re.compile(r"\d{1,15}", re.ASCII)


class StrictSchema(Schema):
    """A schema that refuses every name it does not know."""

    class Meta:
        """Unknown names are refused, not dropped."""

        unknown = RAISE


def _described(options: dict[str, Any], facts: dict[str, Any]) -> dict[str, Any]:
    """The options of a field with what the API's description says of it."""
    return {**options, "metadata": {**facts, **options.get("metadata", {})}}


class StrictInteger(fields.Field[int]):
    """A JSON integer within a range; ``"5"``, ``5.0`` and ``true`` are refused."""

    def __init__(self, *, least: int = 0, most: int = limits.QUANTITY_MAX, **options: Any) -> None:
        super().__init__(
            **_described(options, {"type": "integer", "minimum": least, "maximum": most})
        )
        self.least, self.most = least, most

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> int:
        del attr, data, kwargs
        if type(value) is not int:
            raise ValidationError("Give a whole number, without quotes or a decimal point.")
        if not self.least <= value <= self.most:
            raise ValidationError(f"Give a whole number from {self.least} to {self.most}.")
        return value


class QueryInteger(StrictInteger):
    """A whole number in a query: plain digits."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> int:
        if not isinstance(value, str) or not _DIGITS.fullmatch(value):
            raise ValidationError("Give a whole number in plain digits.")
        return super()._deserialize(int(value), attr, data, **kwargs)


class Text(fields.Field[str]):
    """A text of known length without hidden characters; one line unless ``lines``."""

    def __init__(self, most: int, *, least: int = 0, lines: bool = False, **options: Any) -> None:
        super().__init__(
            **_described(options, {"type": "string", "minLength": least, "maxLength": most})
        )
        self.most, self.least, self.lines = most, least, lines

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        del data, kwargs
        if not isinstance(value, str):
            raise ValidationError("Give a text in quotes.")
        clean = clean_text if self.lines else clean_line
        try:
            return clean(value, place=attr or "text", shortest=self.least, longest=self.most)
        except Invalid as refusal:
            raise ValidationError(f"{refusal.facts} {refusal.remedy}") from refusal


class Reference(fields.Field[str]):
    """The reference of a record, such as ``PLG-7K2M9QXA``."""

    def __init__(self, prefix: str = "", **options: Any) -> None:
        pattern = rf"{prefix or '[A-Z]+'}-[0-9A-Z]{{4,32}}"
        super().__init__(**_described(options, {"type": "string", "pattern": f"^{pattern}$"}))
        self.pattern = re.compile(pattern, re.ASCII)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        del attr, data, kwargs
        if not isinstance(value, str) or not self.pattern.fullmatch(value):
            raise ValidationError("Give a reference as the service wrote it.")
        return value


class Instant(fields.Field[datetime]):
    """An instant in UTC: ``2026-03-02T09:00:00Z``."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**_described(options, {"type": "string", "format": "date-time"}))

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        del attr, obj, kwargs
        return None if value is None else value.astimezone(UTC).isoformat()[:-6] + "Z"

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> datetime:
        del attr, data, kwargs
        if not isinstance(value, str) or not _INSTANT.fullmatch(value):
            raise ValidationError("Give an instant in UTC, like 2026-03-02T09:00:00Z.")
        try:
            return datetime.fromisoformat(value).astimezone(UTC)
        except ValueError as error:
            raise ValidationError("There is no such instant.") from error


class Day(fields.Field[date]):
    """A London day: ``2026-03-02``."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**_described(options, {"type": "string", "format": "date"}))

    def _serialize(self, value: date | None, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        del attr, obj, kwargs
        return None if value is None else value.isoformat()

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> date:
        del attr, data, kwargs
        if not isinstance(value, str) or not _DAY.fullmatch(value):
            raise ValidationError("Give a day as year, month and day, like 2026-03-02.")
        try:
            return date.fromisoformat(value)
        except ValueError as error:
            raise ValidationError("There is no such day.") from error


class StrictBoolean(fields.Field[bool]):
    """``true`` or ``false``, nothing that merely looks like it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**_described(options, {"type": "boolean"}))

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> bool:
        del attr, data, kwargs
        if not isinstance(value, bool):
            raise ValidationError("Give true or false.")
        return value


class Quantity(StrictSchema):
    """A quantity of a unit: ``{"unit": "GBP", "quantity": 2000}`` is twenty pounds in pence."""

    unit = fields.String(
        required=True, validate=validate.Regexp(r"^[A-Z][A-Z0-9]{1,11}\Z"),
        metadata={"description": "GBP is in pence, HOUR and MIN in minutes"},
    )  # fmt: skip
    quantity = StrictInteger(required=True)


class PageQuery(StrictSchema):
    """Which part of a long list is asked for."""

    limit = QueryInteger(least=1, most=limits.PAGE_ROWS_MAX, load_default=limits.PAGE_ROWS_DEFAULT)
    after = fields.String(
        load_default="", validate=validate.Length(max=400),
        metadata={"description": "the “next” of the part before"},
    )  # fmt: skip


class Problem(Schema):
    """RFC 9457: what was refused, why, and what to do now."""

    type = fields.String()
    title = fields.String()
    status = fields.Integer()
    detail = fields.String()
    code = fields.String(metadata={"description": "stable; listed in docs/errors.md"})
    remedy = fields.String()
    place = fields.String()
    errors = fields.Dict(keys=fields.String(), values=fields.String())


_pages: dict[type[Schema], type[Schema]] = {}


def page_of(item: type[Schema]) -> type[Schema]:
    """The schema of a part of a list: ``items``, and ``next`` (null at the end)."""
    if item not in _pages:
        name = item.__name__.removesuffix("Schema") + "Page"
        _pages[item] = type(
            name,
            (StrictSchema,),
            {
                "__doc__": f"A part of a list of {item.__name__}.",
                "items": fields.List(fields.Nested(item)),
                "next": fields.String(allow_none=True),
            },
        )
    return _pages[item]


class Empty(StrictSchema):
    """A body without names: ``{}``."""

    NAMES: ClassVar[tuple[str, ...]] = ()
