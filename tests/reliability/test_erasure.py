"""Somebody erased is nowhere any more, and every balance and proof is as it was (P10 to P12)."""

from __future__ import annotations

import base64
import contextlib
import json
import logging
import multiprocessing
import subprocess
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from ledger.approvals import service as approvals
from ledger.audit import service as audit
from ledger.backups import erasing, keybook, programs, restoring, rules, taking
from ledger.books import queries as books_queries
from ledger.books import service as books
from ledger.books.rules import AccountSpec, credit, debit
from ledger.exports import checkpoints, pack
from ledger.jobs import messages as message_jobs
from ledger.jobs.job import JobContext
from ledger.kernel import keys, sealing
from ledger.kernel.clock import FixedClock
from ledger.kernel.db import db, transact, transaction, transaction_on
from ledger.kernel.errors import NotReady
from ledger.messages import service as messages
from ledger.parties import queries
from ledger.parties import rules as party_rules
from ledger.parties import service as parties
from ledger.schedule.rules import Slot
from tests.cast import Place
from tests.raw_books import spec
from tests.reliability.test_restore import elsewhere, restored
from tests.stage import ROOT

KNOWN: dict[str, Any] = {
    "name": "Zephyrine Quillfeather", "email": "Zephyrine.Q@quillfeather.example",
    "phone": "+44 7700 900461", "address": "17 Thistledown Row, Testwick",
}  # fmt: skip
STRINGS = (
    *KNOWN.values(), "Zephyrine", "Quillfeather", "zephyrine.q@quillfeather.example",
    "quillfeather.example", "7700 900461", "Thistledown", "1951-07-23", "ZephyBrowser/7",
)  # fmt: skip
assert len(STRINGS) == 12


@pytest.fixture
def zephyrine(
    app: Flask, place: Place, clock: FixedClock, api: Callable[[str], FlaskClient]
) -> str:
    """Somebody who has left traces: an answer, a session, a letter, a journal, an export."""
    added = api("administrator").post(
        "/api/v1/people", json=KNOWN | {"born_on": "1951-07-23"},
    )  # fmt: skip
    assert added.status_code == 201, added.json
    person = str(added.json["id"])

    def unit(session: Any) -> None:
        messages.enqueue(
            session, key="letter", recipient=person, template="notice",
            facts={"subject": "Hello", "text": "Hello", "link": ""}, now=clock.now(),
        )  # fmt: skip
        specs = [AccountSpec("Assets:Bank", guard="D"), AccountSpec("Income:Gifts")]
        books.open_accounts(session, book=place.book, specs=specs)
        gift = spec("gift", debit("Assets:Bank", 500), credit("Income:Gifts", 500), maker=person)
        books.post(session, book=place.book, spec=gift, now=clock.now())
        audit.start_web_session(
            session, person=person, secret="s", browser="ZephyBrowser/7", now=clock.now()
        )

    transact(unit)
    slot = Slot(key="now", at=clock.now())
    message_jobs.send_messages(JobContext(job="send-messages", slot=slot, now=clock.now()))
    return person


def traces(app: Flask, backups: Path, log: str) -> dict[str, bytes]:
    """Everything that lies about: the database, its log, the key store, files, and the backup."""
    data = app.extensions["ledger.settings"].data_dir
    found = {
        str(path): path.read_bytes()
        for folder in (data, backups)
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith((".keys", ".pgdump"))
    }
    found["log"] = log.encode()
    if db.engine.dialect.name == "sqlite":
        file = Path(db.engine.url.database or "")
        found |= {str(p): p.read_bytes() for p in file.parent.glob(f"{file.name}*")}
        return found
    with db.engine.connect() as wire:
        for table in db.metadata.sorted_tables:
            rows = [tuple(bytes(cell) if isinstance(cell, memoryview) else cell for cell in row)
                    for row in wire.execute(table.select())]  # fmt: skip
            found[table.name] = repr(rows).encode() + b"".join(
                cell for row in rows for cell in row if isinstance(cell, bytes)
            )
        server = rules.server_major(int(wire.scalar(text("SHOW server_version_num"))))
    program = programs.find("pg_restore", server=server, folder=None)
    for dump in backups.rglob("*.pgdump"):
        found[str(dump)] = subprocess.run(
            [program, "--file=-", str(dump)], check=True, capture_output=True
        ).stdout
    return found


def hits(found: dict[str, bytes], words: list[bytes]) -> list[str]:
    folded = {place: body.lower() for place, body in found.items()}
    return sorted({place for place, body in folded.items() for w in words if w.lower() in body})


def forms(key: bytes) -> list[bytes]:
    return [key, key.hex().encode(), base64.b64encode(key)]


def sealed_rows() -> list[tuple[str, bytes]]:
    """Whatever is sealed in the book, as a backup of this moment holds it: for whom, and the bytes."""
    with transaction(read_only=True) as session:
        found = [
            (row[0], bytes(row[1]))
            for row in session.execute(text("SELECT person, sealed FROM vault"))
        ]
        bodies = session.scalars(text("SELECT body FROM request_answer WHERE body IS NOT NULL"))
        found += [("", bytes(body)) for body in bodies]
        browsers = session.scalars(text("SELECT browser FROM web_session WHERE browser <> ''"))
        found += [("", base64.b64decode(one.removeprefix("sealed:"))) for one in browsers]
    return found


def readable(rows: list[tuple[str, bytes]]) -> str:
    """What somebody reads in them who has the key store and every copy of it, and tries each key."""
    living = {bytes(row["key"]) for row in keys.store().everything()[0]}
    for path in keybook.folder().iterdir():
        living |= {base64.b64decode(row["key"]) for row in json.loads(path.read_text())["keys"]}
    told = []
    for person, kept in rows:
        told += [party_rules.unsealed(kept, person=person, key=key) for key in living if person]
        stamp, rest = kept[1:13], kept[13:]
        for key in living:
            with contextlib.suppress(InvalidTag):
                told.append(AESGCM(key).decrypt(rest[:12], rest[12:], stamp))
    return " ".join(f"{one!r}" for one in told if one)


def test_erasing_leaves_nothing_of_a_person_and_everything_of_the_books(
    app: Flask, place: Place, zephyrine: str, clock: FixedClock, tmp_path: Path,
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, engine_name: str,
) -> None:  # fmt: skip
    caplog.set_level(logging.DEBUG)
    data = app.extensions["ledger.settings"].data_dir
    checkpoints.make(book=place.book, reason="asked", made_by="PER-TEST", now=clock.now())
    with transaction(read_only=True) as session:
        scope = pack.scope_of(session, book=place.book, code="MAIN", starts_on=None, ends_on=None)
        head = books_queries.head(session, place.book)
        totals = books_queries.trial_balance(session, place.book)
        key_id = queries.key_of(session, zephyrine)
        answers = session.scalar(text("SELECT COUNT(*) FROM request_answer"))
    pack.make(scope, data / "exports")
    backups = tmp_path / "backups"
    taken = taking.make(into=backups, now=clock.now())
    keybook.make(now=clock.now())
    assert key_id is not None
    key = keys.store().key(key_id)
    assert key is not None

    # The control: before, the key lies in its store and its backup, the name in the letter, and
    # nothing of it in the book or its backup.
    words = [string.encode() for string in STRINGS]
    before = traces(app, backups, caplog.text)
    with_key = hits(before, forms(key))
    assert {Path(place).suffix for place in with_key} == {".sqlite", ".json"}
    named = hits(before, words[:-1])
    assert [Path(place).suffix for place in named] == [".eml"], named
    # Whoever has the backup and the keys reads all of it.
    backed_up = sealed_rows()
    assert [
        word for word in (*KNOWN.values(), "ZephyBrowser/7") if word not in readable(backed_up)
    ] == []

    transact(
        lambda s: erasing.erase(s, person=zephyrine, by="PER-A", reason="asked", now=clock.now())
    )
    after = traces(app, backups, caplog.text)
    left = hits(after, [*words, *forms(key)])
    left += [f"opened in the backup: {word}" for word in STRINGS if word in readable(backed_up)]
    with transaction(read_only=True) as session:
        assert books_queries.head(session, place.book) == head
        assert books_queries.trial_balance(session, place.book) == totals
        assert checkpoints.faults(session, book=place.book) == []
        view = queries.person(session, zephyrine)
        assert (view.name, view.email, view.state) == (party_rules.ERASED, "", "erased")
        assert queries.person_by_email(session, KNOWN["email"]) is None
        assert session.scalar(text("SELECT COUNT(*) FROM request_answer")) == answers
    print(f"COUNT engine={engine_name} strings=12 places={len(after)} hits={len(left)}")
    assert left == []

    goal = elsewhere(tmp_path)
    done = restoring.restore(taken.path, to=goal, now=clock.now())
    assert done.proof.erased == 1
    with restored(goal) as engine, transaction_on(engine, read_only=True) as session:
        assert queries.person(session, zephyrine).state == "erased"
        assert queries.key_of(session, zephyrine) is None
        assert books_queries.head(session, place.book) == head


def test_a_key_that_came_back_with_its_backup_is_destroyed_again(
    app: Flask, place: Place, zephyrine: str, clock: FixedClock
) -> None:
    with transaction(read_only=True) as session:
        key_id = queries.key_of(session, zephyrine)
    assert key_id is not None
    kept = keybook.make(now=clock.now()).read_bytes()
    transact(
        lambda s: erasing.erase(s, person=zephyrine, by="PER-A", reason="asked", now=clock.now())
    )
    store = keys.store()
    store.forget()
    Path(store.url.database or "").unlink()
    away = keybook.folder() / "keys-20260301T000000Z.json"
    away.write_bytes(kept)  # from a place that the erasure did not reach
    assert keybook.restore(away) > 1
    assert store.key(key_id) is not None
    assert transact(lambda s: erasing.replay(s, by="test", now=clock.now())) == 1
    assert store.key(key_id) is None
    assert key_id.encode() not in away.read_bytes()
    assert transact(lambda s: erasing.replay(s, by="test", now=clock.now())) == 0
    with pytest.raises(rules.BackupRefused, match="never writes over"):
        keybook.restore(away)


def test_copies_of_the_keys_live_a_week(app: Flask, place: Place, clock: FixedClock) -> None:
    for _ in range(5):
        keybook.make(now=clock.now())
        clock.move(timedelta(days=5))
    assert [path.stem for path in sorted(keybook.folder().glob("*.json"))] == [
        "keys-20260317T090000Z", "keys-20260322T090000Z",
    ]  # fmt: skip


def test_erasing_takes_two_people_and_is_done_once(
    app: Flask, place: Place, zephyrine: str, clock: FixedClock
) -> None:
    ada = place.people["administrator"]

    def ask() -> erasing.Asked:
        return transact(
            lambda s: erasing.ask(s, person=zephyrine, by=ada, reason="asked to", now=clock.now())
        )

    first = ask()
    assert ask() == first
    assert not first.done

    def approve(session: Any) -> None:
        digest = erasing.approval_queries.get(session, first.proposal).digest
        approvals.decide(
            session, proposal=first.proposal, stage="approve", actor=place.actor("officer"),
            verdict="yes", reason="they asked", digest=digest, now=clock.now(),
        )  # fmt: skip

    transact(approve)
    assert ask().done
    with pytest.raises(erasing.Conflict):
        ask()


def test_a_unit_that_fails_erases_nobody(
    app: Flask, place: Place, zephyrine: str, clock: FixedClock
) -> None:
    def unit(session: Any) -> None:
        erasing.erase(session, person=zephyrine, by="PER-A", reason="asked", now=clock.now())
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        transact(unit)
    with transaction(read_only=True) as session:
        assert queries.person_name(session, zephyrine) == KNOWN["name"]


def test_a_savepoint_that_is_released_is_no_commit(
    app: Flask, place: Place, zephyrine: str, clock: FixedClock
) -> None:
    def unit(session: Any) -> None:
        erasing.erase(session, person=zephyrine, by="PER-A", reason="asked", now=clock.now())
        with session.begin_nested():
            session.execute(text("SELECT 1"))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        transact(unit)
    with transaction(read_only=True) as session:
        assert queries.person_name(session, zephyrine) == KNOWN["name"]


def test_what_could_not_be_destroyed_at_once_is_destroyed_tonight(
    app: Flask, place: Place, zephyrine: str, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = app.extensions["ledger.settings"].data_dir
    with transaction(read_only=True) as session:
        key_id = queries.key_of(session, zephyrine)
    kept, backed_up = keybook.make(now=clock.now()), sealed_rows()
    assert key_id is not None

    def out_of_reach(*_some: Any, **_more: Any) -> None:
        raise OperationalError("DELETE", {}, Exception("no connection"))

    with monkeypatch.context() as broken:
        broken.setattr(keys.KeyStore, "destroy", out_of_reach)
        broken.setattr(keys.KeyStore, "destroy_secrets", out_of_reach)
        transact(
            lambda s: erasing.erase(
                s, person=zephyrine, by="PER-A", reason="asked", now=clock.now()
            )
        )
    assert KNOWN["name"] in readable(backed_up)
    assert list((data / "messages").glob("*.eml"))
    slot = Slot(key="now", at=clock.now())
    message_jobs.forget_answers(JobContext(job="forget-answers", slot=slot, now=clock.now()))
    transact(lambda s: erasing.replay(s, by="test", now=clock.now()))
    assert list((data / "messages").glob("*.eml")) == []
    assert key_id.encode() not in kept.read_bytes()
    kept.unlink()  # its other keys were not destroyed in it: such a copy lives a week
    assert [word for word in STRINGS if word in readable(backed_up)] == []


def test_a_copy_of_the_keys_is_never_gone_and_one_that_cannot_be_read_stops_nothing(
    app: Flask, place: Place, zephyrine: str, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction(read_only=True) as session:
        key_id = queries.key_of(session, zephyrine)
    assert key_id is not None
    (keybook.folder()).mkdir(parents=True, exist_ok=True)
    torn = keybook.folder() / "keys-20260101T000000Z.json"
    torn.write_text("{")
    kept = keybook.make(now=clock.now())

    def crash(_path: Path) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as broken:
        broken.setattr(keybook, "_wipe", crash)
        with pytest.raises(ZeroDivisionError):
            keybook.destroy([key_id])
    assert len(json.loads(kept.read_text())["keys"]) > 0
    assert key_id.encode() not in kept.read_bytes()
    keybook.destroy([key_id])
    assert sorted(keybook.folder().iterdir()) == [torn, kept]


def test_a_book_with_another_key_store_refuses_to_go_on(
    app: Flask, place: Place, clock: FixedClock
) -> None:
    store = keys.store()
    store.forget()
    Path(store.url.database or "").unlink()
    with transaction(read_only=True) as session, pytest.raises(NotReady, match="key store"):
        queries.check_store(session)
    with pytest.raises(NotReady, match="key store"):
        transact(lambda s: parties.add_person(s, name="Anna Testova", now=clock.now()))
    with transaction(read_only=True) as session:
        assert queries.person_name(session, place.people["resident"]) == party_rules.ERASED


def test_people_are_found_by_part_of_what_the_database_cannot_read(
    app: Flask, place: Place, zephyrine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["ledger.parties.queries.people"], "_BATCH", 2)

    def found(search: str, **more: Any) -> list[str]:
        with transaction(read_only=True) as session:
            return [row.id for row in queries.people(session, search=search, **more)]

    for search in ("quillfeather", "ZEPHYRINE.Q@", "Zephyrine.q@quillfeather.EXAMPLE", zephyrine):
        assert found(search) == [zephyrine], search
    everybody = found("@example.test")
    assert set(everybody) == set(place.people.values())
    assert found("@example.test", rows_max=3) == everybody[:3]
    assert found("@example.test", after=everybody[2]) == everybody[3:]
    assert found("nobody at all") == []


@pytest.mark.owner_only("migrations are the owner's")
def test_rows_of_before_are_sealed_on_the_way_up_and_open_on_the_way_down(
    app: Flask, place: Place, clock: FixedClock
) -> None:
    folder = str(ROOT / "migrations")
    tables = ("SELECT person, name, email, email_key, phone, address, born_on FROM vault"
              " ORDER BY person")  # fmt: skip
    with transaction(read_only=True) as session:
        names = queries.names(session, place.people.values())
    flask_migrate.downgrade(directory=folder, revision="0018")
    with db.engine.connect() as wire:
        plain = [tuple(row) for row in wire.execute(text(tables))]
    assert {row[0]: row[1] for row in plain} == names
    flask_migrate.upgrade(directory=folder)
    with transaction(read_only=True) as session:
        queries.check_store(session)
        assert queries.names(session, place.people.values()) == names
        assert queries.person_by_email(session, "RESIDENT@example.test") == place.people["resident"]
    flask_migrate.downgrade(directory=folder, revision="0018")
    with db.engine.connect() as wire:
        assert [tuple(row) for row in wire.execute(text(tables))] == plain
    flask_migrate.upgrade(directory=folder)


def test_no_key_made_ahead_crosses_a_fork(app: Flask, place: Place) -> None:
    store = keys.store()
    for _ in range(2):
        store.new_key()
    assert store._ready, "one is made ahead"
    ahead = store._ready[-1][0]
    context = multiprocessing.get_context("fork")
    answer = context.Queue()

    def child() -> None:
        answer.put(store.new_key()[0])

    process = context.Process(target=child)
    process.start()
    assert answer.get(timeout=20) != ahead
    process.join(20)


def test_an_answer_is_kept_sealed_and_lost_with_its_months_key(
    app: Flask, place: Place, clock: FixedClock
) -> None:
    kept = sealing.seal(b'{"name": "Rosa Mead"}', now=clock.now())
    assert b"Rosa" not in kept
    assert sealing.unseal(kept) == b'{"name": "Rosa Mead"}'
    assert sealing.unseal(b'{"old": 1}') == b'{"old": 1}'
    assert sealing.unseal(kept[:-1] + bytes([kept[-1] ^ 1])) is None
    assert sealing.forget(now=clock.now()) == 0
    assert sealing.unseal(kept) is not None
    assert sealing.forget(now=clock.now() + timedelta(days=100)) == 1
    assert sealing.unseal(kept) is None


def test_what_is_sealed_opens_with_its_key_and_for_its_person_only() -> None:
    key, other = bytes(32), bytes([1]) * 32
    known = party_rules.Known("Zoë Quist", "z@example.test", "1", "2", date(1951, 7, 23))
    kept = party_rules.sealed(known, person="PER-A", key=key)
    assert party_rules.unsealed(kept, person="PER-A", key=key) == known
    assert party_rules.unsealed(kept, person="PER-B", key=key) is None
    assert party_rules.unsealed(kept, person="PER-A", key=other) is None
    assert kept != party_rules.sealed(known, person="PER-A", key=key)
    assert party_rules.mark_of("z@example.test", key=key) != party_rules.mark_of(
        "z@example.test", key=other
    )
