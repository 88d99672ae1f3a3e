"""What the service's own role may do on PostgreSQL: what it needs, and nothing else.

Whoever owns the tables can take their guards away. So the service is served under a role that owns
nothing, and an upgrade is the owner's. What that role needs is not listed by hand: it may read every
table and add to it, change rows where no guard forbids it, delete only where a wing says that it does.
Why: ``docs/decisions/0021-a-role-that-owns-nothing.md``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from flask import current_app
from sqlalchemy import Connection, Engine, text

from ledger.kernel.db import check_ready, db, guarded_against, reader
from ledger.kernel.errors import Conflict, Invalid, Missing, NotReady

VERSIONS: Final = "alembic_version"
_SHOWN_MAX: Final = 8
_EVERYBODY: Final = "public"
_only_read: set[str] = set()
_only_added: set[str] = set()
_deleted: set[str] = set()
_called: set[str] = set()


class Right(NamedTuple):
    """One right upon one thing, as PostgreSQL names both: TABLE, journal, INSERT."""

    kind: str
    name: str
    verb: str

    def __str__(self) -> str:
        """In words: INSERT on journal."""
        return f"{self.verb} on {self.name}"


@dataclass(frozen=True, slots=True)
class Given:
    """What a role may do now, what of it is new, and what was taken back."""

    rights: tuple[Right, ...]
    new: tuple[Right, ...]
    taken: tuple[Right, ...]


def declare_grants(
    *,
    only_read: Iterable[str] = (),
    only_added: Iterable[str] = (),
    deleted: Iterable[str] = (),
    called: Iterable[str] = (),
) -> None:
    """Say where the service needs less than it may by the guards, or more.

    ``only_read``: tables that migrations fill. ``only_added``: tables whose rows the service never
    changes itself, though triggers may. ``deleted``: tables from which it deletes. ``called``: the
    functions that it calls, by name.
    """
    _only_read.update(only_read)
    _only_added.update(only_added)
    _deleted.update(deleted)
    _called.update(called)


def verbs(table: str) -> tuple[str, ...]:
    """What the service does with the rows of a table: what follows from guards and declarations."""
    needed = ["SELECT"]
    if table not in _only_read and table != VERSIONS:
        needed.append("INSERT")
        if table not in _only_added and not guarded_against(table, "update"):
            needed.append("UPDATE")
        if table in _deleted and not guarded_against(table, "delete"):
            needed.append("DELETE")
    return tuple(needed)


def give(connection: Connection, *, role: str) -> Given:
    """Give a role exactly what the service needs: take back what is too much, add what lacks.

    A second time changes nothing. The caller commits; nobody sees a state in between.

    Raises:
        Invalid: this is SQLite, which knows no roles.
        Missing: there is no such role.
        Conflict: whoever asks does not own the tables, or the role is one that no grant can bind.
        NotReady: the role has a right from elsewhere that only somebody else can take away.
    """
    if connection.dialect.name != "postgresql":
        raise Invalid(
            "SQLite knows no roles: whoever may write its file owns it.",
            remedy="Serve from PostgreSQL, or let the operating system say who may write the file.",
        )
    _check_both(connection, role)
    needed = set(_needed(connection))
    before = set(_held(connection, role))
    for right in sorted(_held(connection, _EVERYBODY)):
        if right.kind not in (
            "SCHEMA",
            "DATABASE",
        ):  # these are named below where they are too much
            _say(connection, "REVOKE", right, "FROM PUBLIC")
    for right in sorted(before - needed):
        _say(connection, "REVOKE", right, f"FROM PUBLIC, {_quoted(connection, role)}")
    for right in sorted(needed - set(_held(connection, role))):
        _say(connection, "GRANT", right, f"TO {_quoted(connection, role)}")
    after = set(_held(connection, role))
    faults = _faults(role, needed=needed, held=after)
    if faults:
        raise NotReady(
            faults,
            remedy="Nothing was changed. It comes from another role that it belongs to, or from the"
            f" owner of the database: let that owner take it away from PUBLIC and from {role}.",
        )
    return Given(tuple(sorted(after)), tuple(sorted(after - before)), tuple(sorted(before - after)))


def check(engine: Engine, *, role: str = "") -> None:
    """Refuse unless the role that serves can do what it must, and nothing that it must not.

    ``role`` is the one that the settings name; without it the role that is connected is looked at,
    and an owner of the tables is let pass.

    Raises:
        NotReady: naming the rights.
    """
    if engine.dialect.name != "postgresql":
        return
    with reader(engine).connect() as connection:
        looked_at = role or _me(connection)
        unbound = _unbound(connection, looked_at)
        if unbound and not role:
            return
        remedy = f"As the owner of the tables, run: flask ledger database-role {looked_at}"
        if unbound:
            raise NotReady(unbound, remedy="Make a role that owns nothing, then, as the owner of the"
                           " tables, run: flask ledger database-role NAME")  # fmt: skip
        faults = _faults(
            looked_at, needed=set(_needed(connection)), held=set(_held(connection, looked_at))
        )
        if faults:
            raise NotReady(faults, remedy=remedy)


def check_service() -> None:
    """Refuse unless this installation's database has its guards, and its role the right rights.

    Raises:
        NotReady: naming what is missing, or what is too much.
    """
    check_ready(db.engine)
    check(db.engine, role=current_app.extensions["ledger.settings"].database_role)


def check_who_serves(engine: Engine, *, role: str) -> None:
    """Refuse to serve as anybody but the role that the settings name, when they name one.

    Raises:
        NotReady: naming both.
    """
    if not role or engine.dialect.name != "postgresql":
        return
    with reader(engine).connect() as connection:
        me = _me(connection)
    if me != role:
        raise NotReady(
            f"The service is to be served as {role}, and reaches its database as {me}.",
            remedy=f"Put the address of {role} into LEDGER_DATABASE_URL; the owner's is for upgrades.",
        )


def _me(connection: Connection) -> str:
    return str(connection.execute(text("SELECT current_user")).scalar_one())


def _check_both(connection: Connection, role: str) -> None:
    me = _me(connection)
    if not _owns(connection, me):
        raise Conflict(
            f"{me} does not own the tables, so it cannot say who may use them.",
            remedy="Run this with the owner's address in LEDGER_DATABASE_URL.",
        )
    try:
        unbound = _unbound(connection, role)
    except NotReady as refusal:
        raise Missing(refusal.facts, remedy=refusal.remedy) from refusal
    if unbound:
        raise Conflict(unbound, remedy="Make a role that owns nothing, and name that.")


def _unbound(connection: Connection, role: str) -> str:
    """Why no grant can bind a role; empty when it can.

    Raises:
        NotReady: there is no such role.
    """
    found = connection.execute(
        text("SELECT rolsuper, rolcreaterole FROM pg_roles WHERE rolname = :role"), {"role": role}
    ).first()
    if found is None:
        raise NotReady(
            f"The database knows no role “{role}”.",
            remedy=f"Make it first, for example: CREATE ROLE {role} LOGIN CREATEDB PASSWORD '…'",
        )
    if found.rolsuper:
        return f"{role} is a superuser: no grant binds it."
    if found.rolcreaterole:
        return f"{role} may make roles, and so become another."
    if _owns(connection, role):
        return (
            f"{role} owns the tables, or belongs to their owner: it could take their guards away."
        )
    return ""


_OWNERS: Final = text("""
    SELECT bool_or(pg_has_role(:role, o.owner, 'MEMBER')) FROM (
    SELECT c.relowner FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace
        AND c.relname = ANY (:tables)
    UNION SELECT p.proowner FROM pg_proc p WHERE p.pronamespace = current_schema()::regnamespace
        AND p.oid IN (SELECT t.tgfoid FROM pg_trigger t)
    UNION SELECT n.nspowner FROM pg_namespace n WHERE n.nspname = current_schema()
    UNION SELECT d.datdba FROM pg_database d WHERE d.datname = current_database()) AS o(owner)
""")


def _owns(connection: Connection, role: str) -> bool:
    """Whether a role is, or can become, an owner of anything that holds the guards."""
    asked = {"role": role, "tables": _tables()}
    return bool(connection.execute(_OWNERS, asked).scalar_one())


_RIGHTS: Final = """
    WITH me AS (SELECT CAST(:role AS name) AS role, current_schema() AS home)
    SELECT 'TABLE' AS kind, c.relname::text AS name, v.verb AS verb
    FROM me, pg_class c, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE',
        'REFERENCES', 'TRIGGER']) AS v(verb)
    WHERE c.relnamespace = me.home::regnamespace AND c.relname = ANY (:tables)
        AND has_table_privilege(me.role, c.oid, v.verb)
    UNION ALL SELECT 'TABLE', c.relname::text, v.verb || ' of columns'
    FROM me, pg_class c, unnest(ARRAY['INSERT', 'UPDATE', 'REFERENCES']) AS v(verb)
    WHERE c.relnamespace = me.home::regnamespace AND c.relname = ANY (:tables)
        AND has_any_column_privilege(me.role, c.oid, v.verb)
        AND NOT has_table_privilege(me.role, c.oid, v.verb)
    UNION ALL SELECT 'SEQUENCE', c.relname::text, v.verb
    FROM me, pg_class c, unnest(ARRAY['USAGE', 'SELECT', 'UPDATE']) AS v(verb)
    WHERE c.relnamespace = me.home::regnamespace AND c.relname = ANY (:sequences)
        AND has_sequence_privilege(me.role, c.oid, v.verb)
    UNION ALL SELECT 'FUNCTION', p.oid::regprocedure::text, 'EXECUTE'
    FROM me, pg_proc p WHERE p.pronamespace = me.home::regnamespace
        AND p.oid::regprocedure::text = ANY (:functions)
        AND has_function_privilege(me.role, p.oid, 'EXECUTE')
    UNION ALL SELECT 'SCHEMA', me.home::text, v.verb
    FROM me, unnest(ARRAY['USAGE', 'CREATE']) AS v(verb)
    WHERE has_schema_privilege(me.role, me.home, v.verb)
    UNION ALL SELECT 'DATABASE', current_database()::text, v.verb
    FROM me, unnest(ARRAY['CONNECT', 'CREATE', 'TEMPORARY']) AS v(verb)
    WHERE has_database_privilege(me.role, current_database(), v.verb)
"""
_SEQUENCES: Final = text("""
    SELECT s.relname, c.relname FROM pg_class s
    JOIN pg_depend d ON d.objid = s.oid AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
    JOIN pg_class c ON c.oid = d.refobjid
    WHERE s.relkind = 'S' AND s.relnamespace = current_schema()::regnamespace
        AND c.relname = ANY (:tables)
""")
_FUNCTIONS: Final = text("""
    SELECT p.oid::regprocedure::text, p.proname FROM pg_proc p
    WHERE p.pronamespace = current_schema()::regnamespace AND (p.proname = ANY (:called)
        OR p.oid IN (SELECT t.tgfoid FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relname = ANY (:tables)))
""")


def _tables() -> list[str]:
    return [*sorted(db.metadata.tables), VERSIONS]


def _things(connection: Connection) -> dict[str, Any]:
    """The tables, sequences and functions of ours that are in the database, with what they are of."""
    asked = {"tables": _tables(), "called": sorted(_called)}
    found = connection.execute(
        text(
            "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace"
            " AND relkind IN ('r', 'p') AND relname = ANY (:tables)"
        ),
        asked,
    )
    return {
        "tables": list(found.scalars()),
        "sequences": {row[0]: row[1] for row in connection.execute(_SEQUENCES, asked)},
        "functions": {row[0]: row[1] for row in connection.execute(_FUNCTIONS, asked)},
    }


def _needed(connection: Connection) -> Iterator[Right]:
    things = _things(connection)
    for table in things["tables"]:
        yield from (Right("TABLE", table, verb) for verb in verbs(table))
    for sequence, table in things["sequences"].items():
        yield Right("SEQUENCE", sequence, "SELECT")  # a backup reads how far it has counted
        if "INSERT" in verbs(table):
            yield Right("SEQUENCE", sequence, "USAGE")
    for signature, name in things["functions"].items():
        if name in _called:
            yield Right("FUNCTION", signature, "EXECUTE")
    home, database = connection.execute(text("SELECT current_schema(), current_database()")).one()
    yield Right("SCHEMA", home, "USAGE")
    yield Right("DATABASE", database, "CONNECT")


def _held(connection: Connection, role: str) -> Iterator[Right]:
    """What a role may do, by itself, by whom it belongs to, and because everybody may."""
    things = _things(connection)
    asked = {"role": role} | {kind: list(found) for kind, found in things.items()}
    for row in connection.execute(text(_RIGHTS), asked):
        yield Right(*row)


def _faults(role: str, *, needed: Collection[Right], held: Collection[Right]) -> str:
    missing, excess = sorted(set(needed) - set(held)), sorted(set(held) - set(needed))
    said = []
    if excess:
        said.append(f"The role {role} can do what the service never does: {_some(excess)}.")
    if missing:
        said.append(f"The role {role} lacks what the service needs: {_some(missing)}.")
    return " ".join(said)


def _some(rights: list[Right]) -> str:
    more = f" and {len(rights) - _SHOWN_MAX} more" if len(rights) > _SHOWN_MAX else ""
    return ", ".join(str(right) for right in rights[:_SHOWN_MAX]) + more


def _quoted(connection: Connection, name: str) -> str:
    return str(connection.dialect.identifier_preparer.quote_identifier(name))


def _say(connection: Connection, act: str, right: Right, whom: str) -> None:
    name = right.name if right.kind == "FUNCTION" else _quoted(connection, right.name)
    verb = right.verb.removesuffix(" of columns")
    connection.exec_driver_sql(f"{act} {verb} ON {right.kind} {name} {whom}".replace("%", "%%"))
