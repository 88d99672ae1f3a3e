"""Stories of people, their messages, the jobs, and those who watch: every command of these wings."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy.orm import Session

from ledger.audit import queries as audit_queries
from ledger.audit import rules as audit_rules
from ledger.audit import service as audit
from ledger.books import service as books
from ledger.books.rules import AccountSpec, credit, debit
from ledger.exports import checkpoints, signing
from ledger.kernel import keys
from ledger.messages import service as messages
from ledger.parties import queries as party_queries
from ledger.parties import service as parties
from ledger.safety import service as safety
from ledger.schedule import service as schedule
from ledger.schedule.rules import Slot
from tests.raw_books import spec
from tests.reliability.failing import Told
from tests.witnesses import Witness

LAST_YEAR = timedelta(days=365)


def people_come_and_go(told: Told) -> None:
    """A person is added, given a role and a token, closed, opened, and erased."""
    by = told.place.people["administrator"]
    told.do(parties.add_neighbourhood, name="Weir Bank", by=by)
    told.do(parties.add_organisation, name="Weir Bank Friends", kind="group", by=by)
    person = told.do(parties.add_person, name="Vera Lind", email="vera@example.test",
                     roles=("resident",), by=by)  # fmt: skip
    told.do(parties.person_for_contact, name="Una Pask", email="una@example.test")
    told.do(parties.choose_shown, person=person, show_name=True, by=person)
    told.do(parties.set_password, person=person, password_hash="a hash", by=person)
    secret = told.do(parties.start_contact_proof, person=person, purpose="sign_in", next_path="/")
    told.do(parties.prove_contact, secret=secret)
    grant = told.do(parties.grant_role, person=person, role="innovation_broker", by=by)
    told.do(parties.end_role, grant=grant, person=person, by=by)
    token, _secret = told.do(parties.make_token, person=person, name="script", scopes=("read",),
                             days=9, by=person)  # fmt: skip
    told.do(parties.end_token, token=token, person=person, by=person)
    told.do(parties.disable_person, person=person, by=by, reason="asked for")
    told.do(parties.enable_person, person=person, by=by, reason="asked for")
    told.do(parties.make_salts, people=[person])
    assert told.ask(lambda s: parties.salts_of(s, people=[person])).keys() == {person}
    told.do(parties.erase_person, person=person, by=by, reason="asked for")
    assert told.ask(lambda s: party_queries.key_of(s, person)) is None
    assert person in keys.store().erased()


def signed_in(told: Told) -> None:
    """Guesses are counted, a browser comes in, is seen, forgotten and ended; limits are set."""
    person = told.place.people["resident"]
    told.do(parties.count_guess, buckets={"a": 3, "b": 9})
    told.do(parties.forget_guesses, bucket="a")
    session = told.do(audit.start_web_session, person=person, secret="a secret", browser="Firefox")
    told.do(audit.see_web_session, reference=session)
    told.do(audit.seal_browsers_again)
    told.do(audit.forget_browsers, person=person)
    told.do(audit.end_web_sessions, person=person, because="signed out", by=person)
    told.do(
        parties.set_limit, role="head", kind="offer.approve", pence_max=5_000,
        starts_on=date(2026, 4, 1), set_by=told.place.people["s151"],
        agreed_by=told.place.people["administrator"],
    )  # fmt: skip


def answered(told: Told) -> None:
    """What was answered to a request is kept, and later only that it was."""
    told.do(
        audit.keep_answer, caller="PER-1", route="POST /pledges", key="k" * 20, fingerprint="f",
        status=201, location="/pledges/1", content_type="application/json", body=b"{}",
    )  # fmt: skip
    told.do(audit.forget_answer_bodies, before=told.now + LAST_YEAR)
    events = [audit.Event("PLG-1"), audit.Event("PLG-2")]
    told.do(audit.record_many, at=told.now, actor="job:night", action="pledge.note", events=events)


def witnessed(told: Told) -> None:
    """The books are signed, somebody outside co-signs them, and leaves."""
    book, by = told.place.book, told.place.people["administrator"]

    def a_gift(session: Session) -> None:
        specs = [AccountSpec("Assets:Bank", guard="D"), AccountSpec("Income:Gifts")]
        books.open_accounts(session, book=book, specs=specs)
        gift = spec("a gift", debit("Assets:Bank", 5), credit("Income:Gifts", 5))
        books.post(session, book=book, spec=gift, now=told.now)

    told.set_up(a_gift)
    outside = Witness("lane-end.example/w")
    witness = told.do(audit.register_witness, book=book, called="Lane End", by=by,
                      key_line=outside.key.line)  # fmt: skip
    row = told.do(
        audit.keep_checkpoint, book=book, surveyed=told.ask(lambda s: checkpoints.survey(s, book)),
        origin=signing.origin(), seed=signing.seed(), reason="daily", made_by="job:checkpoint",
    )  # fmt: skip
    body, _lines = audit_rules.split_note(row.note)
    given = audit_rules.cosignature(outside.line(row.note, at=told.now), body=body, key=outside.key)
    assert given is not None
    assert told.do(audit.keep_cosignature, witness=witness, checkpoint=row, given=given,
                   goes_on=lambda _head: True)  # fmt: skip
    told.do(audit.end_witness, witness=witness, reason="moved away", by=by)
    assert told.ask(lambda s: audit_queries.witness(s, witness)).ended_at == told.now
    told.do(safety.note, book=book, check="books", stops=False, said="whole", good_at=told.now,
            good_until=None, by="job:verify")  # fmt: skip


def told_by_post(told: Told) -> None:
    """Messages and calls wait, are claimed, and are sent, tried later or given up."""
    for key in ("sent", "failed", "dropped"):
        facts = {"pledge": "PLG-1", "sentence": "We plant", "until": "noon"}
        told.do(messages.enqueue, key=key, recipient=told.place.people["resident"],
                template="pledge.reached", facts=facts)  # fmt: skip
    for key in ("call sent", "call failed", "call dropped"):
        told.do(messages.enqueue_call, key=key, facts={"size": 1})
    letters = [messages.Letter(key, told.place.people["resident2"], {}) for key in ("x", "y")]
    told.do(messages.enqueue_many, letters=letters, template="pledge.reached",
            now=told.now + timedelta(minutes=1))  # fmt: skip
    for _ in range(3):
        due = told.do(messages.claim)
        assert due is not None
        end = {"sent": messages.sent, "failed": messages.failed, "dropped": messages.dropped}
        told.do(end[due.key], key=due.key, **({} if due.key == "sent" else {"error": "no answer"}))
    for _ in range(3):
        call = told.do(messages.claim_call)
        assert call is not None
        ends = {"call sent": messages.call_answered, "call failed": messages.call_failed,
                "call dropped": messages.call_dropped}  # fmt: skip
        words = {} if call.key == "call sent" else {"error": "no answer"}
        told.do(ends[call.key], key=call.key, **words)


def jobs_run(told: Told) -> None:
    """A scheduler takes the lease, begins, finishes, fails, is asked, and gives the lease up."""
    fence = told.do(schedule.beat, holder="here", ttl_ms=600_000)
    assert fence is not None
    told.do(schedule.hold_fence, fence=fence)
    work = {"job": "night", "holder": "here", "fence": fence}
    for key in ("2026-03-01", "2026-03-02"):
        slot = Slot(key, told.now)
        assert told.do(schedule.begin, slot=slot, **work) == 1
    told.do(schedule.finish, slot=Slot("2026-03-01", told.now), said="nothing to do", **work)
    told.do(schedule.fail, slot=slot, attempts=1, said="the disk was full", **work)
    told.do(schedule.ask, job="night", slot=slot, asked_by=told.place.people["administrator"])
    told.do(schedule.give_up, holder="here")


STORIES = (people_come_and_go, signed_in, answered, witnessed, told_by_post, jobs_run)
