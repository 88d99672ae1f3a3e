"""Every form that a person comes upon by walking from the front page and from their desk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException

BEGIN = ("/", "/desk", "/account", "/pledges", "/buildings", "/agreements")
HIDDEN = ("hidden", "password", "radio", "checkbox", "select", "button", "file")
"""Kinds of field that show no typed text, or must not show it again."""


@dataclass(slots=True)
class Field:
    """One field: its kind, what it holds already, and what it offers."""

    kind: str
    value: str = ""
    options: list[str] = field(default_factory=list)


@dataclass(slots=True)
class FoundForm:
    """One form of a page, and where it is sent."""

    action: str
    method: str
    fields: dict[str, Field] = field(default_factory=dict)


class Page(HTMLParser):
    """The links and forms of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.forms: list[FoundForm] = []
        self._open: FoundForm | None = None
        self._select: Field | None = None
        self._area: Field | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a link, a form or a field."""
        facts = {name: value or "" for name, value in attrs}
        if tag == "a" and facts.get("href", "").startswith("/"):
            self.links.append(facts["href"].split("#")[0])
        elif tag == "form":
            self._open = FoundForm(facts.get("action", ""), facts.get("method", "get").lower())
            self.forms.append(self._open)
        elif tag == "option" and self._select is not None:
            self._select.options.append(facts.get("value", ""))
            if "selected" in facts:
                self._select.value = facts.get("value", "")
        elif self._open is not None and facts.get("name"):
            self._field(tag, facts, self._open.fields)

    def _field(self, tag: str, facts: dict[str, str], fields: dict[str, Field]) -> None:
        name, kind = facts["name"], facts.get("type", "text") if tag == "input" else tag
        if kind in ("radio", "checkbox", "button"):
            offered = fields.setdefault(name, Field(kind))
            offered.options.append(facts.get("value", "on"))
            if "checked" in facts:
                offered.value = facts.get("value", "on")
            return
        fields[name] = Field(kind, facts.get("value", ""))
        self._select = fields[name] if tag == "select" else None
        self._area = fields[name] if tag == "textarea" else None

    def handle_data(self, data: str) -> None:
        """Note what stands in a text area."""
        if self._area is not None:
            self._area.value += data

    def handle_endtag(self, tag: str) -> None:
        """The end of a form or of a field."""
        if tag == "form":
            self._open = None
        elif tag == "select":
            self._select = None
        elif tag == "textarea":
            self._area = None


def forms(app: Flask, browser: FlaskClient, *, pages_max: int = 60) -> Iterator[FoundForm]:
    """One form of each kind (by where it is sent and what it asks), found by following links."""
    waiting, seen, kinds = list(BEGIN), set[str](), set[tuple[str, ...]]()
    of_route: Counter[str] = Counter()
    while waiting and len(seen) < pages_max:
        path = waiting.pop(0)
        route = route_of(app, path, "GET")
        if path in seen or not route or of_route[route] >= 2:
            continue
        seen.add(path)
        of_route[route] += 1
        answer = browser.get(path, follow_redirects=True)
        assert answer.status_code < 500, path
        if answer.mimetype != "text/html":  # a file to take away
            continue
        page = Page(answer.text)
        waiting += page.links
        for form in page.forms:
            form.action = form.action or path
            kind = (route_of(app, form.action, form.method), *sorted(form.fields))
            if kind[0] and kind not in kinds:
                kinds.add(kind)
                yield form


def route_of(app: Flask, path: str, method: str) -> str:
    """The name of the route that an address belongs to; empty when there is none."""
    try:
        found = app.url_map.bind("localhost").match(path.partition("?")[0], method=method.upper())
    except HTTPException:
        return ""
    return str(found[0])
