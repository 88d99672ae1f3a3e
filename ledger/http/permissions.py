"""Guards: no route is served without one, and each names the action it is for."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import Flask, request

from ledger.http.identities import identity
from ledger.http.refusals import Unguarded
from ledger.parties.rules import ACTIONS, Unscoped, require

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
P = ParamSpec("P")
R = TypeVar("R")


def guarded(action: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let a view be used only by those whom the table of actions allows (P1).

    The action must be a row of `ledger.parties.rules.ACTIONS`.
    """
    assert action in ACTIONS, f"{action!r} is not a row of ACTIONS"

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def asked(*args: P.args, **kwargs: P.kwargs) -> R:
            check(action)
            return view(*args, **kwargs)

        asked.ledger_action = action  # type: ignore[attr-defined]
        return asked

    return decorate


def check(action: str) -> None:
    """Refuse unless the asker may do this, by role and by the scope of their token.

    Raises:
        NotSignedIn, Forbidden: as `require` says.
        Unscoped: the token was made for less.
    """
    who = identity()
    require(who.actor, action)
    needed = "read" if request.method in SAFE else "write"
    if needed not in who.scopes:
        raise Unscoped(
            f"The token was made without the scope “{needed}”.",
            remedy=f"Make a token with the scope “{needed}”.",
            place="Authorization",
        )


def action_of(view: Any, method: str) -> str | None:
    """The action that guards a view for a method, or None when it has no guard."""
    kind = getattr(view, "view_class", None)
    if kind is not None:
        view = getattr(kind, "get" if method == "HEAD" else method.lower(), None)
    found: str | None = getattr(view, "ledger_action", None)
    return found


def is_idempotent(view: Any, method: str) -> bool:
    """Whether a view keeps its answer under a key for a method."""
    kind = getattr(view, "view_class", None)
    if kind is not None:
        view = getattr(kind, method.lower(), None)
    return bool(getattr(view, "ledger_idempotent", False))


def install(app: Flask) -> None:
    """Refuse every route that has no guard, before it is reached."""

    @app.before_request
    def _deny_by_default() -> None:
        if request.endpoint is None or request.method == "OPTIONS":
            return
        if action_of(app.view_functions[request.endpoint], request.method) is None:
            raise Unguarded(
                "This address has no rule about who may use it, so nobody may.",
                remedy="Tell the administrator.",
                place=request.path,
            )
