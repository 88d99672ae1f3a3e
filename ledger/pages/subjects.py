"""What a proposal is about, in words: its kind, the name of its subject, and where that stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy.orm import Session

from ledger.approvals.queries import ProposalView
from ledger.dividends import queries as dividends
from ledger.funds import queries as funds
from ledger.kernel.clock import day_in_words
from ledger.kernel.errors import Missing
from ledger.pledges import queries as pledges

KIND_WORDS: Final = {
    "determination": "Dividend",
    "offer.approve": "Match offer",
    "pledge.release": "Release to a group",
    "pledge.refund": "Money back to people",
    "pledge.write_off": "Promise to give up",
    "period.close": "Closing of a period",
    "period.reopen": "Opening of a closed period",
    "journal.adjust": "Correction of the books",
    "journal.reverse": "Reversal of a journal",
    "fund.lend": "Loan from one fund to another",
    "fund.settle": "Paying back between funds",
}
"""What each kind of proposal is called on a page."""

FACT_WORDS: Final = {
    "donor_pence_max": "Most for one giver",
    "pledge_pence_max": "Most for one pledge",
    "rate_gift": "For every so many pounds given",
    "rate_match": "Pounds added",
    "list_sha256": "Fingerprint of the list (SHA-256)",
    "run": "List",
}
"""What a fact is called where its own name would not do."""


OWN_PAGE: Final = (
    "determination", "period.close", "period.reopen", "journal.adjust", "journal.reverse",
    "fund.lend", "fund.settle",
)  # fmt: skip
"""Kinds that are decided on the page of their subject."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is decided about: the kind in words, its name, its reference, and its own page."""

    kind: str
    name: str
    href: str = ""


def kind_words(kind: str) -> str:
    """A kind of proposal as people say it."""
    return KIND_WORDS.get(kind, kind.replace(".", " ").replace("_", " ").capitalize())


def of(session: Session, view: ProposalView) -> Subject:
    """The subject of a proposal; its bare reference when the thing itself is not there."""
    try:
        name, href = _named(session, view.kind, view.subject)
    except Missing:
        name, href = view.subject, ""
    return Subject(kind_words(view.kind), name, href)


def _named(session: Session, kind: str, subject: str) -> tuple[str, str]:
    named = _NAMED.get(kind)
    return named(session, subject) if named else (subject, "")


def _determination(session: Session, subject: str) -> tuple[str, str]:
    made = dividends.determination(session, subject)
    title = dividends.agreement(session, made.agreement).title
    return f"{title}, year {made.period}", f"/council/determinations/{subject}"


def _release(session: Session, subject: str) -> tuple[str, str]:
    return pledges.release(session, subject).milestone, f"/releases/{subject}"


def _refunds(session: Session, subject: str) -> tuple[str, str]:
    run = pledges.refund_run(session, subject)
    return pledges.pledge(session, run.pledge).deal.sentence, f"/refund-runs/{subject}"


def _write_off(session: Session, subject: str) -> tuple[str, str]:
    owed = pledges.commitment(session, subject)
    return pledges.pledge(session, owed.pledge).deal.sentence, f"/moderation/{owed.pledge}"


def _offer(session: Session, subject: str) -> tuple[str, str]:
    return funds.offer(session, subject).title, f"/offers/{subject}"


def _period(_session: Session, subject: str) -> tuple[str, str]:
    begins, _, number = subject.removeprefix("PERIOD-").rpartition(":")
    named = f"Accounting period from {day_in_words(date.fromisoformat(begins))}"
    return named, f"/council/periods/{number}"


def _draft(_session: Session, subject: str) -> tuple[str, str]:
    return f"Entries drafted as {subject}", f"/council/drafts/{subject}"


_NAMED: Final[dict[str, Callable[[Session, str], tuple[str, str]]]] = {
    "determination": _determination,
    "offer.approve": _offer,
    "pledge.release": _release,
    "pledge.refund": _refunds,
    "pledge.write_off": _write_off,
    "period.close": _period,
    "period.reopen": _period,
    "journal.adjust": _draft,
    "journal.reverse": _draft,
    "fund.lend": _draft,
    "fund.settle": _draft,
}
"""How each kind of proposal finds the name and the page of its subject."""
