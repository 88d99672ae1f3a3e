"""The API under /api/v1: one file for each resource, found by itself, and its description.

A resource makes its blueprint with `resource`, guards every method with ``@guarded`` and puts
``@idempotent`` on every unsafe one:

    blp = resource("pledges", "Collective promises with a threshold")

    @blp.route("/")
    class Pledges(MethodView):
        @guarded("pledge.open")
        @idempotent
        @blp.arguments(NewPledge)
        @blp.response(201, PledgeSchema)
        def post(self, body): ...
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from functools import lru_cache
from http import HTTPStatus
from typing import Any, TypeVar, cast

from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Blueprint as PlainBlueprint
from flask import Flask, Request, Response, current_app, jsonify, render_template, request
from flask_smorest import Api, Blueprint
from marshmallow import RAISE
from webargs.core import missing
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import UnsupportedMediaType

from ledger.api.schemas.base import Problem
from ledger.http import guarded, strict_json
from ledger.http.refusals import Malformed
from ledger.kernel.errors import Invalid

VERSION = "v1"
PREFIX = f"/api/{VERSION}"
View = TypeVar("View", bound=Callable[..., Any])
UNSAFE = ("post", "put", "patch", "delete")


class StrictParser(FlaskParser):
    """Reads bodies and queries strictly: our JSON, no unknown names, nothing given twice."""

    DEFAULT_UNKNOWN_BY_LOCATION = {  # noqa: RUF012 - the name and type are webargs'
        "json": RAISE, "query": RAISE, "view_args": RAISE, "path": RAISE,
    }  # fmt: skip

    def _raw_load_json(self, req: Request) -> Any:
        body = req.get_data(cache=True)
        if not body:
            return missing
        if not req.is_json:
            raise UnsupportedMediaType
        return strict_json.loads(body)


class _Names:
    """Names for schemas in the description: the class's own, with its resource where two clash."""

    def __init__(self) -> None:
        self.taken: dict[str, Any] = {}

    def __call__(self, schema: Any) -> str:
        """The one name of a schema."""
        kind = schema if isinstance(schema, type) else type(schema)
        plain = kind.__name__.removesuffix("Schema")
        if self.taken.setdefault(plain, kind) is kind:
            return plain
        return kind.__module__.rpartition(".")[2].title().replace("_", "") + plain


class StrictApi(Api):  # type: ignore[misc]
    """flask-smorest without its own words for errors: `ledger.http.problems` has them."""

    ERROR_SCHEMA = Problem

    def _register_error_handlers(self) -> None:
        return


class Resource(Blueprint):  # type: ignore[misc]
    """A blueprint of the API that reads strictly."""

    ARGUMENTS_PARSER = StrictParser()

    def route(self, rule: str, **options: Any) -> Callable[[View], View]:
        """Serve a view at an address below the resource's own, with or without a last slash."""
        options.setdefault("strict_slashes", False)
        return cast("Callable[[View], View]", super().route(rule.rstrip("/"), **options))

    def arguments(self, schema: Any, **options: Any) -> Callable[[View], View]:
        """Read the body (or ``location="query"``) by a schema and hand it to the view."""
        return cast("Callable[[View], View]", super().arguments(schema, **options))

    def response(
        self, status_code: int, schema: Any = None, **options: Any
    ) -> Callable[[View], View]:
        """Write what the view returns by a schema."""
        return cast("Callable[[View], View]", super().response(status_code, schema, **options))


def resource(name: str, words: str) -> Resource:
    """The blueprint of a resource: ``resource("pledges", "…")`` lives at /api/v1/pledges."""
    return Resource(
        f"api_{name}".replace("-", "_"), __name__, url_prefix=f"{PREFIX}/{name}", description=words
    )


def yes_or_no(name: str) -> bool:
    """A part of ``multipart/form-data`` that says yes or no; no when it is left out."""
    said = request.form.get(name, "no")
    if said not in ("yes", "no"):
        raise Invalid(
            f"“{said[:40]}” is neither yes nor no.", remedy="Say yes, or leave it out.", place=name
        )
    return said == "yes"


reader = PlainBlueprint("api_reader", __name__)


@reader.get(f"{PREFIX}/openapi.json")
@guarded("public.read")
def openapi() -> Response:
    """The description of the whole API, in OpenAPI 3.1."""
    return jsonify(_description(current_app))


@reader.get(f"{PREFIX}/")
@guarded("public.read")
def readable() -> str:
    """The same description as a page."""
    return render_template("developers/api.html", api=_description(current_app))


def register(app: Flask) -> None:
    """Attach every resource of this folder, the description and the page to read it."""
    app.config.update(
        API_TITLE="Community Ledger", API_VERSION=VERSION, OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX=None,
    )  # fmt: skip
    plugin = MarshmallowPlugin(schema_name_resolver=_Names())
    api = StrictApi(app, spec_kwargs={"marshmallow_plugin": plugin})
    app.extensions["ledger.api"] = api
    for module in pkgutil.iter_modules(__path__):
        if module.ispkg:
            continue
        found = vars(importlib.import_module(f"{__name__}.{module.name}")).values()
        for blueprint in {id(one): one for one in found if isinstance(one, Resource)}.values():
            if blueprint.name not in app.blueprints:
                api.register_blueprint(blueprint)
    app.register_blueprint(reader)
    app.before_request(_nothing_twice)


def _nothing_twice() -> None:
    if not request.path.startswith("/api/"):
        return
    for name, values in request.args.lists():
        if len(values) > 1:
            raise Malformed(
                f"“{name[:60]}” is given {len(values)} times in the address.",
                remedy="Give it once.",
                place=name[:60],
            )


@lru_cache(maxsize=4)
def _description(app: Flask) -> dict[str, Any]:
    described: dict[str, Any] = app.extensions["ledger.api"].spec.to_dict()
    described["info"]["description"] = (
        "Value is in whole numbers of a unit (GBP in pence, HOUR in minutes). Refusals are"
        " RFC 9457 problems with a stable code. Whatever changes something needs an"
        " Idempotency-Key of 16 to 255 characters: the same key and body give the first answer"
        " again."
    )
    schemes = described.setdefault("components", {}).setdefault("securitySchemes", {})
    schemes["bearer"] = {"type": "http", "scheme": "bearer"}
    described["security"] = [{"bearer": []}, {}]
    for operations in described["paths"].values():
        for method, operation in operations.items():
            if method in (*UNSAFE, "get"):
                _describe(operation, unsafe=method in UNSAFE)
    return described


def _describe(operation: dict[str, Any], *, unsafe: bool) -> None:
    refusals = (
        (400, 401, 403, 404, 409, 411, 413, 415, 422, 429, 503)
        if unsafe
        else (400, 401, 403, 404, 422)
    )
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for status in refusals:
        operation["responses"][str(status)] = {
            "description": HTTPStatus(status).phrase,
            "content": content,
        }
    operation["responses"]["default"] = {"description": "Another refusal", "content": content}
    if unsafe:
        operation.setdefault("parameters", []).append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": True,
                "schema": {"type": "string", "minLength": 16, "maxLength": 255},
            }
        )
