"""People by the services, on both databases: one person once, roles apart, the vault alone erased."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from ledger.audit import queries as audit
from ledger.kernel.clock import FixedClock
from ledger.kernel.db import transact, transaction
from ledger.kernel.errors import (
    Conflict,
    Forbidden,
    Invalid,
    LedgerError,
    Missing,
    RefusedByDatabase,
)
from ledger.kernel.ids import secret_hash
from ledger.parties import queries, rules, service
from tests.cast import Place


def do(act: Callable[..., Any], **facts: Any) -> Any:
    return transact(lambda session: act(session, **facts))


def ask(act: Callable[..., Any], *args: Any, **facts: Any) -> Any:
    with transaction(read_only=True) as session:
        return act(session, *args, **facts)


def raw(sql: str, **facts: Any) -> None:
    transact(lambda session: session.execute(text(sql), facts))


def test_a_person_is_known_by_one_address_once(place: Place, clock: FixedClock) -> None:
    with pytest.raises(rules.ContactTaken):
        do(service.add_person, name="Impostor", email=" OFFICER@example.TEST", now=clock.now())
    known = do(
        service.person_for_contact, name="Owen again", email="Officer@example.test", now=clock.now()
    )
    assert known == place.people["officer"]
    new = do(service.person_for_contact, name="New Neighbour", email="n@x.org", now=clock.now())
    assert [one.role for one in ask(queries.grants, new)] == ["resident"]


def test_names_are_hidden_from_the_public_unless_chosen(place: Place, clock: FixedClock) -> None:
    rosa = place.people["resident"]
    assert ask(queries.person_name, rosa) == "Rosa Mead"
    assert ask(queries.public_name, rosa) == "a neighbour"
    do(service.choose_shown, person=rosa, show_name=True, by=rosa, now=clock.now())
    assert ask(queries.public_names, [rosa, "PER-NOBODY"]) == {
        rosa: "Rosa Mead",
        "PER-NOBODY": "a neighbour",
    }
    assert ask(queries.names, ["job:release", "PER-GONE", "set-up"]) == {
        "job:release": "the release job",
        "PER-GONE": rules.ERASED,
        "set-up": "set-up",
    }


def test_erasing_empties_the_vault_and_leaves_the_pseudonym(
    app: Flask, place: Place, clock: FixedClock
) -> None:
    rosa = place.people["resident"]
    do(service.set_password, person=rosa, password_hash="x", by=rosa, now=clock.now())
    do(service.make_token, person=rosa, name="t", scopes=["read"], days=1, by=rosa, now=clock.now())
    before = len(ask(audit.events, subject=rosa))
    do(service.erase_person, person=rosa, by="PER-ADMIN", reason="asked", now=clock.now())
    view = ask(queries.person, rosa)
    assert (view.name, view.email, view.state) == (rules.ERASED, "", "erased")
    assert ask(queries.actor, rosa) is None
    assert ask(queries.password_hash, rosa) is None
    assert all(token.ended_at for token in ask(queries.tokens, rosa))
    assert len(ask(audit.events, subject=rosa)) == before + 1
    with pytest.raises(Conflict):
        do(service.enable_person, person=rosa, by="PER-ADMIN", reason="oops", now=clock.now())


def test_no_table_holds_a_name_or_an_address(app: Flask, place: Place) -> None:
    with transaction(read_only=True) as session:
        sqlite = session.get_bind().dialect.name == "sqlite"
        tables = session.scalars(
            text("SELECT name FROM sqlite_master WHERE type = 'table'" if sqlite else
                 "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        ).all()  # fmt: skip
        holding = {
            table
            for table in tables
            for row in session.execute(text(f'SELECT * FROM "{table}"'))
            if "Rosa Mead" in str(row) or "resident@example.test" in str(row)
        }
    assert holding == set()
    assert ask(queries.person_name, place.people["resident"]) == "Rosa Mead"


def test_a_closed_account_is_nobody_and_can_be_opened_again(
    place: Place, clock: FixedClock
) -> None:
    owen = place.people["officer"]
    do(service.disable_person, person=owen, by="PER-ADMIN", reason="left", now=clock.now())
    assert ask(queries.actor, owen) is None
    assert owen not in ask(queries.with_role, "officer")
    do(service.enable_person, person=owen, by="PER-ADMIN", reason="came back", now=clock.now())
    assert ask(queries.actor, owen).roles == {"officer"}


def test_giving_a_role_twice_is_giving_it_once_and_ending_it_keeps_the_record(
    place: Place, clock: FixedClock
) -> None:
    rosa, facts = place.people["resident"], {"by": "PER-ADMIN", "now": clock.now()}
    first = do(service.grant_role, person=rosa, role="organiser", organisation=place.group, **facts)
    again = do(service.grant_role, person=rosa, role="organiser", organisation=place.group, **facts)
    assert first == again
    assert rosa in ask(queries.members, place.group, "organiser")
    do(service.end_role, person=rosa, grant=first, **facts)
    assert rosa not in ask(queries.members, place.group)
    assert sorted(one.ended_at is None for one in ask(queries.grants, rosa)) == [False, True]
    with pytest.raises(Missing):
        do(service.end_role, person=rosa, grant=first, **facts)
    with pytest.raises(Missing):
        do(service.end_role, person=place.people["officer"], grant=first, **facts)


def test_roles_apart_are_refused_by_the_service_and_by_the_database(
    app: Flask, place: Place, clock: FixedClock
) -> None:
    abel = place.people["auditor"]
    with pytest.raises(rules.RolesApart):
        do(service.grant_role, person=abel, role="s151", by="PER-ADMIN", now=clock.now())
    for role, held in (("s151", "auditor"), ("auditor", "officer"), ("officer", "analyst"),
                       ("treasurer", "administrator"), ("administrator", "head")):  # fmt: skip
        with pytest.raises(RefusedByDatabase, match="different people"):
            raw(
                "INSERT INTO role_grant (id, person, role, granted_by, granted_at)"
                " VALUES ('GRT-RAW', :person, :role, 'raw', '2026-01-01 00:00:00')",
                person=place.people[held], role=role,
            )  # fmt: skip


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE role_grant SET role = 's151' WHERE role = 'officer'",
        "DELETE FROM role_grant",
        "DELETE FROM person",
        "UPDATE delegated_limit SET pence_max = 900000000",
        "DELETE FROM delegated_limit",
        "UPDATE audit_event SET actor = 'somebody else'",
        "DELETE FROM audit_event",
        "INSERT INTO delegated_limit (id, role, kind, pence_max, starts_on, set_by, agreed_by,"
        " set_at) VALUES ('LIM-RAW', 'officer', '*', 1, '2026-01-01', 'me', 'me', '2026-01-01')",
        "INSERT INTO role_grant (id, person, role, granted_by, granted_at)"
        " SELECT 'GRT-RAW', id, 'emperor', 'raw', '2026-01-01 00:00:00' FROM person",
    ],
)
def test_raw_sql_cannot_rewrite_who_may_do_what(app: Flask, place: Place, sql: str) -> None:
    with pytest.raises(RefusedByDatabase):
        raw(sql)


@pytest.mark.owner_only("it reads the guard's own words, and without the right no guard is asked")
def test_events_cannot_be_truncated(app: Flask, place: Place, engine_name: str) -> None:
    if engine_name == "postgresql":
        for table in ("audit_event", "proposal_decision"):
            with pytest.raises(RefusedByDatabase, match="never deleted"):
                raw(f"TRUNCATE {table} CASCADE")
    else:
        with pytest.raises(RefusedByDatabase, match="never deleted"):
            raw("DELETE FROM audit_event")


def test_a_link_proves_contact_once_within_two_days(place: Place, clock: FixedClock) -> None:
    rosa = place.people["resident"]
    facts = {"person": rosa, "purpose": "join", "next_path": "/pledges/1", "now": clock.now()}
    secret, late = (
        do(service.start_contact_proof, **facts),
        do(service.start_contact_proof, **facts),
    )
    assert ask(queries.contact_proof_person, secret_hash(secret)) == rosa
    clock.move(timedelta(hours=47))
    assert do(service.prove_contact, secret=secret, now=clock.now()) == (rosa, "join", "/pledges/1")
    assert ask(queries.person, rosa).contact_proved_at == clock.now()
    clock.move(timedelta(hours=1))
    for used in (secret, late, "never made"):
        with pytest.raises(rules.LinkUsed):
            do(service.prove_contact, secret=used, now=clock.now())


@pytest.mark.parametrize("path", ["https://evil.example", "//evil.example", "/\\evil", ""])
def test_a_link_leads_only_within_the_service(place: Place, clock: FixedClock, path: str) -> None:
    with pytest.raises(Invalid):
        do(service.start_contact_proof, person=place.people["resident"], purpose="x",
           next_path=path, now=clock.now())  # fmt: skip


def test_a_token_keeps_no_secret_and_belongs_to_its_owner(
    app: Flask, place: Place, clock: FixedClock
) -> None:
    rosa, at = place.people["resident"], clock.now()
    made, secret = do(
        service.make_token, person=rosa, name="upload", scopes=["read"], days=30, by=rosa, now=at
    )
    with app.app_context():
        view, actor = queries.holder_of_token(secret_hash(secret)) or pytest.fail("no token")
    assert (actor.person, actor.roles) == (rosa, {"resident"})
    assert queries.holder_of_token(secret_hash("another")) is None
    assert (view.id, view.scopes, view.expires_at) == (made, "read", at + timedelta(days=30))
    with pytest.raises(Missing):
        do(service.end_token, token=made, person=place.people["officer"], by="x", now=at)
    do(service.end_token, token=made, person=rosa, by=rosa, now=at)
    with pytest.raises(Missing):
        do(service.end_token, token=made, person=rosa, by=rosa, now=at)
    for days, scopes in ((0, ["read"]), (367, ["read"]), (1, [])):
        with pytest.raises(Invalid):
            do(service.make_token, person=rosa, name="t", scopes=scopes, days=days, by=rosa, now=at)


def test_p3_guesses_are_counted_in_the_database(app: Flask, clock: FixedClock) -> None:
    buckets = {"account": 10, "address": 12}
    for _ in range(10):
        do(service.count_guess, buckets=buckets, now=clock.now())
    with pytest.raises(rules.TooManyGuesses):
        do(service.count_guess, buckets=buckets, now=clock.now())
    do(service.count_guess, buckets={"address": 12}, now=clock.now())
    clock.move(timedelta(minutes=5))
    do(service.count_guess, buckets=buckets, now=clock.now())
    do(service.forget_guesses, bucket="account")


def test_p8_a_limit_takes_two_people_and_counts_from_its_day(
    place: Place, clock: FixedClock
) -> None:
    def set_limit(**more: Any) -> Any:
        facts = {"role": "officer", "kind": "pledge.release", "pence_max": 7, "set_by": "PER-1",
                 "agreed_by": "PER-2", "starts_on": date(2026, 4, 1), "now": clock.now()}  # fmt: skip
        return do(service.set_limit, **{**facts, **more})

    def limit_on(day: date, kind: str = "pledge.release") -> int:
        pence: int = ask(queries.limits_on, kind=kind, on=day)["officer"].pence_max
        return pence

    set_limit()
    assert limit_on(date(2026, 3, 31)) == 100_000
    assert limit_on(date(2026, 4, 1)) == 7
    assert limit_on(date(2026, 4, 1), "other.kind") == 100_000
    with pytest.raises(Forbidden):
        set_limit(agreed_by="PER-1")
    for bad in ({"role": "resident"}, {"pence_max": -1}):
        with pytest.raises(Invalid):
            set_limit(**bad)


def test_organisations_and_neighbourhoods_have_names_of_their_own(
    place: Place, clock: FixedClock
) -> None:
    now = clock.now()
    assert [one.kind for one in ask(queries.organisations, kind="agency")] == ["agency"]
    with pytest.raises(Conflict):
        do(service.add_organisation, name="Testwick Council", kind="council", now=now)
    with pytest.raises(Invalid):
        do(service.add_organisation, name="A club", kind="club", now=now)
    with pytest.raises(Conflict):
        do(service.add_neighbourhood, name="Canal Side", now=now)
    with pytest.raises(Missing):
        ask(queries.organisation, "ORG-NONE")


@pytest.mark.parametrize(
    "facts",
    [{"name": ""}, {"name": "x" * 201}, {"name": "a\x00b"}, {"name": "A", "email": "nope"},
     {"name": "A", "phone": "1\n2"}, {"name": "A", "roles": ["king"]},
     {"name": "A", "roles": ["officer"], "organisation": "ORG-NONE"}],
    ids=str,
)  # fmt: skip
def test_a_person_who_cannot_be_kept_leaves_nothing(
    app: Flask, clock: FixedClock, facts: dict[str, Any]
) -> None:
    with pytest.raises(LedgerError):
        do(service.add_person, **facts, now=clock.now())
    assert ask(queries.people) == []


def test_people_are_found_by_part_of_a_name_and_listed_in_pages(place: Place) -> None:
    assert [one.name for one in ask(queries.people, search="rosa")] == ["Rosa Mead"]
    assert ask(queries.people, search="100%") == []
    first = ask(queries.people, rows_max=5)
    rest = ask(queries.people, after=first[-1].id, rows_max=200)
    assert len(first) + len(rest) == len(place.people)
    with pytest.raises(Missing):
        ask(queries.person, "PER-NOBODY")
