"""Pledges: written, answered, joined, matched and ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import current_app
from flask.views import MethodView
from sqlalchemy.orm import Session

from ledger.api import PREFIX, resource
from ledger.api.schemas.base import Empty, page_of
from ledger.api.schemas.pledges import (
    CommitmentSchema,
    DealSchema,
    NewCommitment,
    NewPledge,
    PaperCommitment,
    PledgeQuery,
    PledgeReason,
    PledgeSchema,
    PledgeVerdict,
    Resumption,
    Rewording,
    ShortfallDecision,
    TakenOffer,
)
from ledger.books import queries as books
from ledger.http import current_actor, guarded, idempotent, reading, run_unit
from ledger.http.cookies import settings
from ledger.http.pagination import Page, decode, page
from ledger.http.versions import check_version, versioned
from ledger.kernel.clock import now
from ledger.kernel.errors import Invalid
from ledger.parties.rules import may
from ledger.pledges import queries, rules, service
from ledger.pledges.queries import PledgeView
from ledger.pledges.rules import Deal, Plan

blp = resource("pledges", "Collective promises with a threshold")


def visible(session: Session, reference: str) -> PledgeView:
    """A pledge that the caller may see: an open one is everybody's, a draft is not.

    Raises:
        Missing: there is none for them.
    """
    view = queries.pledge(session, reference)
    actor = current_actor()
    if view.state in rules.PUBLIC or may(actor, "pledge.moderate"):
        return view
    if actor.person != view.organiser:
        raise queries.missing("pledge", reference)
    return view


def _changed(
    pledge: str, act: Callable[[Session], object], *, status: int = 200
) -> tuple[PledgeView, int, dict[str, str]]:
    """Do something about a pledge, if it is still the version that the caller has seen."""

    def unit(session: Session) -> PledgeView:
        check_version(str(visible(session, pledge).version))
        act(session)
        return queries.pledge(session, pledge)

    view = run_unit(unit)
    answer: tuple[PledgeView, int, dict[str, str]] = versioned(
        view, str(view.version), status=status
    )
    return answer


def promised(pledge: PledgeView, body: dict[str, Any]) -> int:
    """The quantity of a promise, in the pledge's own unit.

    Raises:
        Invalid: it is in another unit.
    """
    if body["promise"]["unit"] != pledge.unit:
        raise Invalid(
            f"This pledge is in {pledge.unit}, not {body['promise']['unit']}.",
            remedy=f"Promise a quantity of {pledge.unit}.",
            place="promise.unit",
        )
    return int(body["promise"]["quantity"])


def with_unit(mine: queries.CommitmentView, unit: str) -> dict[str, Any]:
    """A commitment as its schema wants it, with the unit of its pledge."""
    shown = ("id", "pledge", "person", "state", "quantity", "received", "extra", "earned_match",
             "wording", "show_name", "via", "joined_at", "confirmed_at", "due_on")  # fmt: skip
    return {name: getattr(mine, name) for name in shown} | {"unit": unit}


@blp.route("/")
class Pledges(MethodView):
    """The pledges of the place."""

    @guarded("pledge.read")
    @blp.arguments(PledgeQuery, location="query")
    @blp.response(200, page_of(PledgeSchema))
    def get(self, query: dict[str, Any]) -> Page[PledgeView]:
        """List the pledges that everybody may see, in the order of their references."""
        after = str(decode(query["after"], str)[0]) if query["after"] else ""
        states = (query["state"],) if query["state"] else tuple(rules.PUBLIC)
        with reading() as session:
            rows = queries.pledges(
                session, states=states, group=query["group"], after=after,
                neighbourhood=query["neighbourhood"], rows_max=query["limit"] + 1,
            )  # fmt: skip
        return page(rows, size=query["limit"], key=lambda row: [row.id])

    @guarded("pledge.open")
    @idempotent
    @blp.arguments(NewPledge)
    @blp.response(201, PledgeSchema)
    def post(self, body: dict[str, Any]) -> Any:
        """Draft a pledge for your group."""
        actor = current_actor()
        deal = Deal(**body.pop("deal"))
        plan = Plan(organiser=actor.person, **body)

        def unit(session: Session) -> PledgeView:
            book = books.book_id(session, current_app.extensions["ledger.settings"].book_code)
            made = service.draft(session, book=book, plan=plan, deal=deal, actor=actor, now=now())
            return queries.pledge(session, made)

        view = run_unit(unit)
        return view, 201, {"Location": f"{PREFIX}/pledges/{view.id}", "ETag": f'"{view.version}"'}


@blp.route("/<pledge>")
class Pledge(MethodView):
    """One pledge."""

    @guarded("pledge.read")
    @blp.response(200, PledgeSchema)
    def get(self, pledge: str) -> Any:
        """Show one pledge; its ETag changes with every decision about it."""
        with reading() as session:
            view = visible(session, pledge)
        return versioned(view, str(view.version))


@blp.route("/<pledge>/deal")
class ItsDeal(MethodView):
    """The deal of a draft."""

    @guarded("pledge.change")
    @idempotent
    @blp.arguments(DealSchema)
    @blp.response(200, PledgeSchema)
    def put(self, body: dict[str, Any], pledge: str) -> Any:
        """Change a draft of your group."""
        actor, deal = current_actor(), Deal(**body)
        return _changed(
            pledge,
            lambda session: service.edit(session, pledge=pledge, deal=deal, actor=actor, now=now()),
        )


@blp.route("/<pledge>/submission")
class Submission(MethodView):
    """Sending a draft."""

    @guarded("pledge.change")
    @idempotent
    @blp.arguments(Empty)
    @blp.response(200, PledgeSchema)
    def post(self, body: dict[str, Any], pledge: str) -> Any:
        """Send a complete draft to the council."""
        del body
        actor = current_actor()
        return _changed(
            pledge,
            lambda session: service.submit(session, pledge=pledge, actor=actor, now=now()),
        )


@blp.route("/<pledge>/moderation")
class Moderation(MethodView):
    """Answering a group."""

    @guarded("pledge.moderate")
    @idempotent
    @blp.arguments(PledgeVerdict)
    @blp.response(200, PledgeSchema)
    def post(self, body: dict[str, Any], pledge: str) -> Any:
        """Open it, send it back or turn it down; anything but opening takes a reason."""
        actor = current_actor()
        return _changed(
            pledge,
            lambda session: service.moderate(
                session, pledge=pledge, actor=actor, now=now(), **body
            ),
        )


@blp.route("/<pledge>/wordings")
class Wordings(MethodView):
    """The wording of an open pledge."""

    @guarded("pledge.moderate")
    @idempotent
    @blp.arguments(Rewording)
    @blp.response(201, PledgeSchema)
    def post(self, body: dict[str, Any], pledge: str) -> Any:
        """Make a new version; earlier signers count again only when they agree to it."""
        actor, deal = current_actor(), Deal(**body["deal"])
        link = f"{settings().base_url}/pledges/confirm/"
        return _changed(
            pledge,
            lambda session: service.reword(
                session, pledge=pledge, deal=deal, reason=body["reason"], actor=actor, now=now(),
                link=link,
            ),
            status=201,
        )  # fmt: skip


@blp.route("/<pledge>/suspension")
class Suspension(MethodView):
    """Pausing sign-ups."""

    @guarded("pledge.moderate")
    @idempotent
    @blp.arguments(PledgeReason)
    @blp.response(200, PledgeSchema)
    def post(self, body: dict[str, Any], pledge: str) -> Any:
        """Pause it."""
        actor = current_actor()
        return _changed(
            pledge,
            lambda session: service.suspend(session, pledge=pledge, actor=actor, now=now(), **body),
        )


@blp.route("/<pledge>/resumption")
class Resuming(MethodView):
    """Going on."""

    @guarded("pledge.moderate")
    @idempotent
    @blp.arguments(Resumption)
    @blp.response(200, PledgeSchema)
    def post(self, body: dict[str, Any], pledge: str) -> Any:
        """Let it go on, perhaps with a later last day."""
        actor = current_actor()
        return _changed(
            pledge,
            lambda session: service.resume(session, pledge=pledge, actor=actor, now=now(), **body),
        )


@blp.route("/<pledge>/cancellation")
class Cancellation(MethodView):
    """Cancelling."""

    @guarded("pledge.change")
    @idempotent
    @blp.arguments(PledgeReason)
    @blp.response(200, PledgeSchema)
    def post(self, body: dict[str, Any], pledge: str) -> Any:
        """Cancel your group's pledge before anything falls due."""
        actor = current_actor()
        return _changed(
            pledge,
            lambda session: service.cancel(session, pledge=pledge, actor=actor, now=now(), **body),
        )


@blp.route("/<pledge>/shortfall")
class ItsShortfall(MethodView):
    """Too little came in."""

    @guarded("pledge.moderate")
    @idempotent
    @blp.arguments(ShortfallDecision)
    @blp.response(200, PledgeSchema)
    def post(self, body: dict[str, Any], pledge: str) -> Any:
        """Decide to go on, to extend once, or to dissolve."""
        actor = current_actor()
        return _changed(
            pledge,
            lambda session: service.decide_shortfall(
                session, pledge=pledge, actor=actor, now=now(), **body
            ),
        )


@blp.route("/<pledge>/dissolution")
class Dissolution(MethodView):
    """Dissolving."""

    @guarded("pledge.moderate")
    @idempotent
    @blp.arguments(PledgeReason)
    @blp.response(200, PledgeSchema)
    def post(self, body: dict[str, Any], pledge: str) -> Any:
        """Dissolve it: what is held goes back."""
        actor = current_actor()
        return _changed(
            pledge,
            lambda session: service.dissolve(
                session, pledge=pledge, actor=actor, now=now(), **body
            ),
        )


@blp.route("/<pledge>/completion")
class Completion(MethodView):
    """Completing."""

    @guarded("pledge.moderate")
    @idempotent
    @blp.arguments(Empty)
    @blp.response(200, PledgeSchema)
    def post(self, body: dict[str, Any], pledge: str) -> Any:
        """Say that everything was delivered; nothing may be held or owed any more."""
        del body
        actor = current_actor()
        return _changed(
            pledge,
            lambda session: service.complete(session, pledge=pledge, actor=actor, now=now()),
        )


@blp.route("/<pledge>/match")
class Match(MethodView):
    """The match of a pledge."""

    @guarded("offer.make")
    @idempotent
    @blp.arguments(TakenOffer)
    @blp.response(201, PledgeSchema)
    def post(self, body: dict[str, Any], pledge: str) -> Any:
        """Set part of a funded offer aside for the pledge."""
        actor = current_actor()
        return _changed(
            pledge,
            lambda session: service.take_offer(
                session, pledge=pledge, actor=actor, now=now(), **body
            ),
            status=201,
        )


@blp.route("/<pledge>/commitments")
class Joining(MethodView):
    """Joining a pledge."""

    @guarded("pledge.withdraw")
    @idempotent
    @blp.arguments(NewCommitment)
    @blp.response(201, CommitmentSchema)
    def post(self, body: dict[str, Any], pledge: str) -> Any:
        """Promise something; it counts once you follow the link in the message."""
        actor = current_actor()

        def unit(session: Session) -> dict[str, Any]:
            view = visible(session, pledge)
            joined = service.join(
                session, pledge=pledge, person=actor.person, quantity=promised(view, body),
                show_name=body["show_name"], now=now(),
                link=f"{settings().base_url}/pledges/confirm/",
            )  # fmt: skip
            return with_unit(queries.commitment(session, joined.commitment), view.unit)

        made = run_unit(unit)
        return made, 201, {"Location": f"{PREFIX}/commitments/{made['id']}"}


@blp.route("/<pledge>/paper-commitments")
class Paper(MethodView):
    """Signed paper forms."""

    @guarded("pledge.moderate")
    @idempotent
    @blp.arguments(PaperCommitment)
    @blp.response(201, CommitmentSchema)
    def post(self, body: dict[str, Any], pledge: str) -> Any:
        """Enter a signed form; it counts at once."""
        actor = current_actor()

        def unit(session: Session) -> dict[str, Any]:
            view = visible(session, pledge)
            done = service.join_on_paper(
                session, pledge=pledge, person=body["person"], quantity=promised(view, body),
                form_number=body["form_number"], show_name=body["show_name"], actor=actor,
                now=now(),
            )  # fmt: skip
            return with_unit(queries.commitment(session, done.commitment), view.unit)

        made = run_unit(unit)
        return made, 201, {"Location": f"{PREFIX}/commitments/{made['id']}"}
