"""The service under a role that owns nothing: it can do all that it must, and nothing else.

`tests/books` and `test_append_only.py` run under both roles; here every table, and what an owner
could do besides. With `LEDGER_TEST_ROLE=1` any other test runs under that role too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from config.settings import Settings
from ledger.app import create_app
from ledger.kernel import grants
from ledger.kernel.db import db, transaction
from ledger.kernel.errors import NotReady, RefusedByDatabase
from tests.owner import connected
from tests.postgres import OWNER, ROLE
from tests.raw_books import Raw, contents, open_books
from tests.reliability.test_boot_guard import refused as start_refused
from tests.reliability.test_boot_guard import starts
from tests.stage import ROOT
from tests.unguarded import take_off

pytestmark = pytest.mark.parametrize(
    ("engine_name", "database_role"), [("postgresql", "restricted")]
)
GIVEN = text(
    "SELECT c.relname, a.privilege_type FROM pg_class c, aclexplode(c.relacl) a"
    " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'"
    " AND a.grantee IN (0, CAST(:role AS regrole))"
)
KEPT_BY_GUARDS = text(
    "SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
    " WHERE t.tgname IN (c.relname || '_no_update', c.relname || '_no_delete')"
    " GROUP BY c.relname HAVING count(*) = 2"
)


def as_owner(*statements: str) -> None:
    """Let the owner of the tables do something."""
    with connected() as connection:
        for statement in statements:
            connection.execute(text(statement))
        connection.commit()


def taken(statement: str) -> str:
    """What the role is refused, in the database's words; empty when it was let through."""
    with db.engine.connect() as connection:
        try:
            connection.execute(text(statement))
        except DBAPIError as error:
            return str(error.orig)
        return ""


def given() -> dict[str, set[str]]:
    """What was granted to the role or to everybody, as PostgreSQL's own catalogue has it."""
    found: dict[str, set[str]] = {}
    with db.engine.connect() as connection:
        for table, verb in connection.execute(GIVEN, {"role": ROLE}):
            found.setdefault(table, set()).add(verb)
    return found


def test_every_table_is_open_for_what_the_service_does_and_no_more(app: Flask) -> None:
    with db.engine.connect() as connection:
        kept = set(connection.execute(KEPT_BY_GUARDS).scalars())
    found = given()
    wrong = {
        table: sorted(verbs)
        for table, verbs in found.items()
        if verbs != set(grants.verbs(table)) or verbs & {"TRUNCATE", "TRIGGER", "REFERENCES"}
    }
    loose = [table for table in kept if not found[table] <= {"SELECT", "INSERT"}]
    print(
        f"COUNT role_tables={len(found)} append_only={len(kept)} loose={len(loose)}"
        f" rights={sum(map(len, found.values()))} wrong={len(wrong)}"
    )
    assert set(found) == {*db.metadata.tables, grants.VERSIONS}
    assert len(kept) > 25
    assert (wrong, loose) == ({}, [])


def test_no_table_lets_the_role_change_delete_or_empty_what_it_must_not(app: Flask) -> None:
    tries = let = 0
    for table in [*db.metadata.tables, grants.VERSIONS]:
        columns = [grants.VERSIONS] if table == grants.VERSIONS else db.metadata.tables[table].c
        column = "version_num" if table == grants.VERSIONS else next(iter(columns)).name
        attacks = {
            "UPDATE": f"UPDATE {table} SET {column} = {column}",
            "DELETE": f"DELETE FROM {table}",
            "TRUNCATE": f"TRUNCATE {table} CASCADE",
        }
        for verb, attack in attacks.items():
            if verb not in grants.verbs(table):
                tries += 1
                let += "permission denied" not in taken(attack)
    print(f"COUNT role_closed_verbs_tried={tries} let_through={let}")
    assert tries > 150
    assert let == 0


OWNERS_ONLY = {
    "drop a trigger": "DROP TRIGGER journal_no_update ON journal",
    "switch a trigger off": "ALTER TABLE entry DISABLE TRIGGER ALL",
    "switch all triggers off": "SET session_replication_role = replica",
    "make a trigger do nothing": (
        "CREATE OR REPLACE FUNCTION journal_no_update() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RETURN NEW; END $$"
    ),
    "drop a check": "ALTER TABLE journal DROP CONSTRAINT ck_journal_two_people",
    "drop a table": "DROP TABLE journal CASCADE",
    "drop the schema": "DROP SCHEMA public CASCADE",
    "become the owner": f"SET ROLE {OWNER}",
    "take the table": f"ALTER TABLE journal OWNER TO {ROLE}",
    "make a table of its own": "CREATE TABLE mine (id bigint)",
    "make a passing table": "CREATE TEMP TABLE entry (id bigint)",
    "make a schema": "CREATE SCHEMA mine",
    "hang a trigger of its own": (
        "CREATE TRIGGER mine BEFORE INSERT ON entry FOR EACH ROW EXECUTE FUNCTION entry_no_update()"
    ),
    "put a counter back": "SELECT setval('audit_event_id_seq', 1)",
    "say another version": "UPDATE alembic_version SET version_num = '0001'",
    "write a file of the server": "COPY journal TO '/tmp/journal'",
}


def test_what_only_an_owner_may_is_refused_whatever_it_is(app: Flask) -> None:
    said = {what: taken(attack) for what, attack in OWNERS_ONLY.items()}
    refusals = (
        "permission denied",
        "must be owner",
        "must be able to SET ROLE",
        "must be superuser",
    )
    missed = {what: words for what, words in said.items() if not any(r in words for r in refusals)}
    before = given()
    with db.engine.connect() as connection:  # PostgreSQL only warns of this, and gives nothing
        connection.execute(text(f"GRANT UPDATE, DELETE ON journal TO {ROLE}"))
        connection.commit()
    print(f"COUNT role_owners_acts={len(said) + 1} let_through={len(missed)}")
    assert missed == {}
    assert given() == before


def test_a_trigger_that_the_owner_drops_is_named_by_start_and_verify(
    app: Flask, tmp_path: Path
) -> None:
    """The control: the owner can, and it does not stay unseen."""
    (good,) = starts(tmp_path, ("", ""))
    take_off("journal_no_update")
    (bad,) = starts(tmp_path, ("", ""))
    with pytest.raises(NotReady, match="journal_no_update"), app.app_context():
        grants.check_service()
    print(f"COUNT role_start_good={good[0]} role_start_without_guard={bad[0]}")
    assert good == (0, "")
    assert start_refused("1 of its guards: journal_no_update", bad)


WRONG_RIGHTS = {
    f"GRANT UPDATE ON entry TO {ROLE}": "never does: UPDATE on entry",
    f"GRANT UPDATE (amount) ON entry TO {ROLE}": "never does: UPDATE of columns on entry",
    "GRANT DELETE ON journal TO PUBLIC": "never does: DELETE on journal",
    f"GRANT TRUNCATE ON audit_event TO {ROLE}": "never does: TRUNCATE on audit_event",
    f"GRANT TRIGGER ON seal TO {ROLE}": "never does: TRIGGER on seal",
    f"GRANT CREATE ON SCHEMA public TO {ROLE}": "never does: CREATE on public",
    "GRANT TEMPORARY ON DATABASE restricted TO PUBLIC": "never does: TEMPORARY on restricted",
    f"GRANT EXECUTE ON FUNCTION entry_moves_balance() TO {ROLE}": "never does: EXECUTE on entry_moves",
    f"GRANT UPDATE ON SEQUENCE audit_event_id_seq TO {ROLE}": "never does: UPDATE on audit_event_id",
    f"REVOKE INSERT ON journal FROM {ROLE}": "lacks what the service needs: INSERT on journal",
    f"REVOKE EXECUTE ON FUNCTION books_write(bigint, json) FROM {ROLE}": "lacks what the service needs",
}


def test_each_wrong_right_is_named_and_mended_by_the_command(app: Flask, tmp_path: Path) -> None:
    named = 0
    for statement, words in WRONG_RIGHTS.items():
        as_owner(statement)
        with pytest.raises(NotReady) as caught:
            grants.check_service()
        named += words in str(caught.value) and "flask ledger database-role" in str(caught.value)
        with connected() as connection:
            done = grants.give(connection, role=ROLE)
            connection.commit()
        assert len(done.new) + len(done.taken) == 1, statement
        grants.check_service()
    as_owner(f"GRANT UPDATE ON entry TO {ROLE}", f"REVOKE INSERT ON seal FROM {ROLE}")
    (bad,) = starts(tmp_path, ("", ""))
    print(f"COUNT role_wrong_rights={len(WRONG_RIGHTS)} named={named} start_exit={bad[0]}")
    assert named == len(WRONG_RIGHTS)
    assert start_refused("UPDATE on entry", bad)
    assert start_refused("INSERT on seal", bad)


SHADOW = (
    "CREATE TEMP TABLE entry AS SELECT * FROM public.entry WHERE false",
    "INSERT INTO pg_temp.entry SELECT book, {seq}, line, account, side, 5, layer, unit, fund,"
    " acct_version, balance_after FROM public.entry WHERE seq = 1",
)


def _post_behind_a_shadow(book: int) -> None:
    """A journal that does not balance, behind a table that shows the seal one that does."""
    with transaction() as session:
        raw = Raw(session, book)
        row = raw.journal_row()
        raw.insert("journal", row)
        entries = [raw.entry_row(row["seq"], 1, "Assets:Bank", "D", 5)]
        entries.append(raw.entry_row(row["seq"], 2, "Income:Gifts", "C", 4))
        for entry in entries:
            raw.insert("public.entry", entry)
        for statement in SHADOW:
            raw.run(statement.format(seq=row["seq"]))
        raw.insert("seal", {"book": book, "seq": row["seq"], "lines": 2})


def test_a_table_put_in_front_of_ours_deceives_no_guard(app: Flask) -> None:
    book = open_books()
    as_owner("GRANT TEMPORARY ON DATABASE restricted TO PUBLIC")  # were it left open after all
    before = contents(book)
    with pytest.raises(RefusedByDatabase, match="balances in every unit"):
        _post_behind_a_shadow(book)
    assert contents(book) == before
    as_owner("ALTER FUNCTION seal_checks() RESET search_path")
    db.engine.dispose()
    _post_behind_a_shadow(book)  # the control: without its fixed path the guard is deceived
    after = contents(book)
    print(f"COUNT role_shadow_refused=1 control_journals_taken={len(after[1]) - len(before[1])}")
    assert len(after[1]) == len(before[1]) + 1


@contextmanager
def owners_app(folder: Path, role: str = "") -> Iterator[Flask]:
    """The service as whoever owns the tables, for upgrades and the command."""
    url = db.engine.url.set(username=OWNER, drivername="postgresql")
    made = create_app(
        Settings(
            database_url=url.render_as_string(hide_password=False), data_dir=folder,
            secret_key="only for tests, and longer than any guess", serving=False, testing=True,
            database_role=role,
        )
    )  # fmt: skip
    with made.app_context():
        yield made
        db.engine.dispose()


def run(app: Flask, *words: str) -> tuple[int, str]:
    done = app.test_cli_runner().invoke(args=["ledger", "database-role", *words])
    return done.exit_code, done.output


def test_the_command_gives_prints_and_changes_nothing_twice(app: Flask, tmp_path: Path) -> None:
    as_owner(
        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {ROLE}", f"GRANT ALL ON seal TO {ROLE}"
    )
    with owners_app(tmp_path) as owner:
        first, said = run(owner, ROLE)
        again, said_again = run(owner, ROLE)
        unknown = run(owner, "nobody")
        itself = run(owner, OWNER)
    under_the_role = run(app, ROLE)
    assert (first, again) == (0, 0)
    assert "table     journal: INSERT, SELECT" in said
    assert "function  books_write(bigint,json): EXECUTE" in said
    assert " 0 given now, 0 taken back" not in said
    assert " 0 given now, 0 taken back" in said_again
    assert unknown[0] == 1
    assert "CREATE ROLE nobody LOGIN" in unknown[1]
    assert itself[0] == 1
    assert "is a superuser" in itself[1]
    assert under_the_role[0] == 1
    assert f"{ROLE} does not own the tables" in under_the_role[1]
    grants.check_service()


def test_an_upgrade_gives_the_named_role_its_rights_again(app: Flask, tmp_path: Path) -> None:
    folder = str(ROOT / "migrations")
    as_owner(f"GRANT DELETE ON seal TO {ROLE}")
    with owners_app(tmp_path, role=ROLE):
        flask_migrate.downgrade(directory=folder, revision="0018")  # the vault is made anew
        flask_migrate.upgrade(directory=folder)
    grants.check_service()
    assert given()["vault"] == {"SELECT", "INSERT", "UPDATE", "DELETE"}


def test_the_role_itself_upgrades_nothing_and_is_told_who_does(
    app: Flask, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(ROOT / "migrations")
    flask_migrate.upgrade(directory=folder)  # nothing is pending, so nothing is asked of the role
    with pytest.raises(SystemExit):
        flask_migrate.downgrade(directory=folder, revision="0019")
    with db.engine.connect() as connection:
        assert (
            connection.execute(text("SELECT version_num FROM alembic_version")).scalar() != "0019"
        )


def test_the_service_is_served_by_the_role_that_was_named_and_nobody_else(app: Flask) -> None:
    grants.check_who_serves(db.engine, role=ROLE)
    grants.check_who_serves(db.engine, role="")
    with pytest.raises(NotReady, match=f"served as another, and reaches its database as {ROLE}"):
        grants.check_who_serves(db.engine, role="another")
    with pytest.raises(NotReady, match="is a superuser"):
        grants.check(db.engine, role=OWNER)
    with pytest.raises(NotReady, match="knows no role “another”"):
        grants.check(db.engine, role="another")


def test_a_role_that_belongs_to_the_owner_or_makes_roles_is_refused(app: Flask) -> None:
    with connected() as connection:
        for statement in (
            "CREATE ROLE clerk", "ALTER TABLE seal OWNER TO clerk", f"GRANT clerk TO {ROLE}",
        ):  # fmt: skip
            connection.execute(text(statement))
        assert "belongs to their owner" in grants._unbound(connection, ROLE)
        connection.execute(text(f"REVOKE clerk FROM {ROLE}"))
        connection.execute(text(f"ALTER ROLE {ROLE} CREATEROLE"))
        assert "may make roles" in grants._unbound(connection, ROLE)
        connection.rollback()  # roles are the whole server's, and other tests use them
