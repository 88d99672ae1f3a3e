"""Your own bearer tokens."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView

from ledger.api import resource
from ledger.api.schemas.people import MadeToken, NewToken, TokenList
from ledger.http import current_actor, guarded, idempotent, reading, run_unit
from ledger.http.idempotency import withhold
from ledger.kernel.clock import now
from ledger.parties import queries, service

blp = resource("tokens", "Your own bearer tokens: scopes, expiry, ending one")


@blp.route("/")
class Tokens(MethodView):
    """All of your tokens."""

    @guarded("token.read")
    @blp.response(200, TokenList)
    def get(self) -> dict[str, Any]:
        """List your tokens; secrets are never shown again."""
        with reading() as session:
            return {"items": queries.tokens(session, current_actor().person)}

    @guarded("token.make")
    @idempotent
    @blp.arguments(NewToken)
    @blp.response(201, MadeToken)
    def post(self, body: dict[str, Any]) -> dict[str, str]:
        """Make a token; its secret is in this answer and is never shown again, not even when it is repeated."""
        me, at = current_actor().person, now()
        made, secret = run_unit(
            lambda session: service.make_token(session, person=me, **body, by=me, now=at)
        )
        withhold("secret")
        return {"id": made, "secret": secret}


@blp.route("/<token>")
class Token(MethodView):
    """One of your tokens."""

    @guarded("token.end")
    @idempotent
    @blp.response(204)
    def delete(self, token: str) -> None:
        """End a token at once."""
        me, at = current_actor().person, now()
        run_unit(lambda session: service.end_token(session, token=token, person=me, by=me, now=at))
