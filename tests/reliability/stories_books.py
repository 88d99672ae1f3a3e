"""Stories of the books themselves: posted, held, lent, corrected, closed, inspected."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from ledger.approvals import queries as proposals
from ledger.approvals import service as approvals
from ledger.books import service as books
from ledger.books.rules import AccountSpec, Leg, credit, debit
from ledger.closing import service as closing
from ledger.drafts import queries as drafts_queries
from ledger.drafts import rules as drafts_rules
from ledger.drafts import service as drafts
from ledger.drafts.rules import Draft
from ledger.exports import checkpoints, inspecting
from ledger.inspections import queries as inspections_queries
from ledger.inspections import service as inspections
from tests.raw_books import spec
from tests.reliability.failing import Told

BANK, GIFTS, RIVER, RIVER_IN = "Assets:Bank", "Income:Gifts", "Assets:Bank:River", "Income:River"
ESCROW = "Liabilities:Escrow:PLG-1"
IN_FEBRUARY = date(2026, 2, 5)
FEBRUARY = {"starts_on": date(2026, 2, 1), "ends_on": date(2026, 2, 28)}
HELD = (Leg(ESCROW, "D", 20, "H"), Leg(GIFTS, "C", 20, "H"))


def posted_and_held(told: Told) -> None:
    """A book is opened, posted in, held and released, reversed, and one fund lends another."""
    book = told.do(books.create_book, code="SIDE", name="Side book")
    told.do(books.open_unit, code="TREES", name="Trees")
    told.do(books.open_fund, book=book, code="RIVER", fund_class="restricted", name="River",
            purpose="flood")  # fmt: skip
    told.do(books.open_accounts, book=book, specs=_accounts())
    gift = spec("gift", debit(BANK, 900), credit(GIFTS, 900))
    seq = told.do(books.post, book=book, spec=gift).seq
    two = [spec("two", debit(BANK, 50), credit(ESCROW, 50)),
           spec("three", debit(RIVER, 30), credit(RIVER_IN, 30))]  # fmt: skip
    told.do(books.post_many, book=book, specs=two)
    first, second = (
        told.do(books.post, book=book, spec=spec(name, *HELD, kind="hold")).seq
        for name in ("hold", "hold again")
    )
    told.do(books.resolve_hold, book=book, hold=first, spec=spec("give up", kind="hold.void"))
    told.do(books.expire_hold, book=book, hold=second, maker="job:holds")
    told.do(books.reverse, book=book, seq=seq, id="undo", effective_on=told.now.date(),
            maker="PER-A", checker="PER-B", reason="entered twice")  # fmt: skip
    assert told.ask(lambda s: books.self_check(s, book=book) + books.row_check(s, book=book)) == []


def _accounts() -> list[AccountSpec]:
    return [
        AccountSpec(BANK, guard="D"), AccountSpec(GIFTS), AccountSpec(ESCROW, guard="C"),
        AccountSpec(RIVER, fund="RIVER", guard="D"), AccountSpec(RIVER_IN, fund="RIVER"),
    ]  # fmt: skip


def drafted_closed_and_inspected(told: Told) -> None:
    """A correction, a reversal and loans of two people; February is closed, inspected and opened
    again.
    """
    book, now = told.place.book, told.now

    def whole(session: Session) -> None:
        books.open_fund(session, book=book, code="RIVER", fund_class="restricted", name="River",
                        purpose="flood")  # fmt: skip
        books.open_accounts(session, book=book, specs=_accounts())
        given = spec("given", debit(BANK, 900), credit(GIFTS, 900), effective_on=IN_FEBRUARY)
        books.post(session, book=book, spec=given, now=now)

    told.set_up(whole)
    corrected(told, Draft(drafts_rules.ADJUST, now.date(), "a gift that nobody entered",
                          (debit(BANK, 25), credit(GIFTS, 25))))  # fmt: skip
    for kind, ways in ((drafts_rules.LEND, (BANK, RIVER)), (drafts_rules.PAY_BACK, (RIVER, BANK))):
        loan = drafts_rules.loan(
            kind=kind, paid_from=ways[0], paid_into=ways[1], quantity=70, effective_on=now.date(),
            reason="until the grant arrives",
        )  # fmt: skip
        corrected(told, loan)
    reversed_by_two(told)
    period = closed(told)
    inspected(told, period)
    signed_and_countersigned(told, period, kind="period.reopen")


def corrected(told: Told, draft: Draft) -> None:
    """One person drafts; another says yes, which posts it, or a third posts what was approved."""
    s151, head, book = told.actor("s151"), told.actor("head"), told.place.book
    made = told.do(drafts.propose, book=book, draft=draft, actor=s151)
    proposal = told.ask(lambda s: drafts_queries.draft(s, book, made).proposal)
    facts = {"actor": head, "verdict": "yes", "reason": "seen the slip", "digest": proposal.digest}
    if draft.kind == drafts_rules.PAY_BACK:
        told.do(drafts.decide, book=book, draft=made, **facts)
        return
    told.do(approvals.decide, proposal=proposal.id, stage="approve", **facts)
    told.do(drafts.post, book=book, draft=made, actor=s151)


def reversed_by_two(told: Told) -> None:
    """One person asks to reverse a gift of somebody else; another says yes."""
    book, again = told.place.book, {"dated": "today", "reason": "the gift was another's"}

    def whole(session: Session) -> int:
        given = spec("again", debit(BANK, 9), credit(GIFTS, 9), effective_on=told.now.date())
        return books.post(session, book=book, spec=given, now=told.now).seq

    seq = told.set_up(whole)
    made = told.do(
        drafts.propose_reversal, book=book, journal=seq, actor=told.actor("s151"), **again
    )
    digest = told.ask(lambda s: drafts_queries.draft(s, book, made).proposal.digest)
    told.do(
        drafts.decide, book=book, draft=made, verdict="yes", reason="seen the slip",
        digest=digest, actor=told.actor("head"),
    )  # fmt: skip


def closed(told: Told) -> int:
    """February is opened as a period and closed by two people; the books are signed."""
    book, s151 = told.place.book, told.actor("s151")
    period = told.do(closing.open_period, book=book, actor=s151, **FEBRUARY)
    told.do(closing.begin_closing, book=book, period=period, actor=s151)
    signed_and_countersigned(told, period, kind="period.close")
    checkpoints.make(book=book, reason="close", made_by=s151.person, now=told.now)
    return period


def signed_and_countersigned(told: Told, period: int, *, kind: str) -> None:
    """One signs, another countersigns; or says yes elsewhere, and then it is carried out."""
    book, s151, head = told.place.book, told.actor("s151"), told.actor("head")
    proposal = told.do(closing.sign, book=book, period=period, kind=kind, reason="the bank agrees",
                       actor=s151)  # fmt: skip
    digest = told.ask(lambda s: proposals.get(s, proposal).digest)
    if kind == "period.close":
        told.do(closing.countersign, book=book, period=period, digest=digest, reason="agreed",
                actor=head)  # fmt: skip
        return
    told.set_up(
        lambda s: approvals.decide(
            s, proposal=proposal, stage="approve", actor=head, verdict="yes", reason="agreed",
            digest=digest, now=told.now,
        )
    )  # fmt: skip
    told.do(closing.carry_out, book=book, period=period, actor=s151)


def inspected(told: Told, period: int) -> None:
    """The books of February are opened; two questions are asked, one answered, one taken back;
    something is withheld by hand and shown again.
    """
    resident = told.actor("resident")
    inspection = told.do(inspecting.open_books, book=told.place.book, period=period,
                         opens_on=told.now.date(), actor=told.actor("s151"))  # fmt: skip
    facts = {"inspection": inspection, "kind": "question", "seq": 1, "actor": resident}
    matter, other = (told.do(inspections.ask, line=line, words="What is this for?", **facts)
                     for line in (None, 1))  # fmt: skip
    told.do(inspections.answer, matter=matter, step="answer", words="It is a gift.",
            actor=told.actor("s151"))  # fmt: skip
    told.do(inspections.withdraw, matter=other, actor=resident)
    for step in (inspections.withhold, inspections.show_again):
        told.do(step, book=told.place.book, journal=1, parts=["reason", "entry.1"],
                reason="a price under tender", actor=told.actor("s151"))  # fmt: skip

    def sealed(session: Session) -> int:
        view = inspections_queries.inspection(session, inspection)
        return len(list(inspections.sealed(session, view=view)))

    assert told.ask(sealed) == 1


def asked_together(told: Told) -> None:
    """Several things are proposed at once; one of them is used."""
    facts = {"what": "to plant"}
    asked = [approvals.Asked(f"PLANT-{number}", facts, 0, "plants", ()) for number in range(2)]
    first, _second = told.do(approvals.propose_many, kind="plant", asked=asked, maker="PER-A",
                             stages=("approve",))  # fmt: skip
    digest = told.ask(lambda s: proposals.get(s, first).digest)
    told.do(approvals.decide, proposal=first, stage="approve", actor=told.actor("s151"),
            verdict="yes", reason="seen it", digest=digest)  # fmt: skip
    told.do(approvals.use, proposal=first, facts=facts)


STORIES = (posted_and_held, drafted_closed_and_inspected, asked_together)
