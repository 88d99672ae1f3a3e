"""Writing a prepared file into its register: all of it in the caller's transaction, or nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from ledger.assets import queries, rules
from ledger.assets.models import (
    Asset,
    AssetImport,
    AssetImportNote,
    AssetRegister,
    AssetVersion,
)
from ledger.assets.rules import Facts
from ledger.assets.service.reading import Prepared, Row
from ledger.audit import service as audit
from ledger.kernel.clock import london_day
from ledger.kernel.errors import Conflict
from ledger.kernel.ids import new_id
from ledger.parties.rules import Actor, require

_BATCH: Final = 500


@dataclass(slots=True)
class Report:
    """What an import did, or would do: rows by what happened to them, and the oddities found."""

    import_id: str
    register: str
    profile: str
    file_name: str
    encoding: str
    rows_read: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    not_seen: int = 0
    same_file: bool = False
    dry_run: bool = False
    notes: tuple[rules.Note, ...] = ()

    @property
    def nothing_changed(self) -> bool:
        """Whether the register is as it was before."""
        return not (self.added or self.changed or self.not_seen)

    @property
    def tally(self) -> dict[str, int]:
        """How many oddities of each kind."""
        return rules.tally(self.notes)


def import_register(
    session: Session,
    *,
    prepared: Prepared,
    actor: Actor,
    now: datetime,
    dry_run: bool = False,
    expect_fewer: bool = False,
) -> Report:
    """Bring a register up to date with a file (A4 to A9).

    Rows that are new are added, rows that say something new make a new version, rows that the
    file lacks are marked "not seen", and nothing is deleted. The same file again changes
    nothing and makes no new report. With ``dry_run`` everything is tried and nothing kept.

    Raises:
        TooFewRows: more than half of the register is missing and nobody expects that.
        Conflict: the register is of another kind.
    """
    require(actor, "asset.import")
    savepoint = session.begin_nested()
    register = _register(session, prepared)
    previous = session.get(AssetImport, register.last_import)
    if previous is not None and previous.file_digest == prepared.file.digest:
        savepoint.rollback()
        return _same_file(previous, prepared, dry_run=dry_run)
    work = _Work(session, prepared, register.id, actor, now)
    report = work.write(expect_fewer=expect_fewer)
    register.last_import = work.import_id
    session.flush()
    if dry_run:
        savepoint.rollback()
        report.dry_run, report.import_id = True, ""
        return report
    savepoint.commit()
    audit.record(
        session, at=now, actor=actor.person, action="asset.import", subject=work.import_id,
        facts={"register": prepared.register, "file": prepared.file.digest,
               "rows": report.rows_read, "added": report.added, "changed": report.changed,
               "not_seen": report.not_seen},
    )  # fmt: skip
    return report


def _register(session: Session, prepared: Prepared) -> AssetRegister:
    found = session.execute(
        select(AssetRegister).where(AssetRegister.name == prepared.register).with_for_update()
    ).scalar_one_or_none()
    if found is None:
        found = AssetRegister(
            id=new_id("REG"), name=prepared.register, profile=prepared.profile.name,
            licence=prepared.profile.licence, source=prepared.profile.title, last_import="",
        )  # fmt: skip
        session.add(found)
        session.flush()
    if found.profile != prepared.profile.name:
        raise Conflict(
            f"“{found.name}” is a register of another kind ({found.source}).",
            remedy="Give this file a register of its own with --register.",
            place=prepared.file_name,
        )
    return found


def _same_file(previous: AssetImport, prepared: Prepared, *, dry_run: bool) -> Report:
    return Report(
        import_id=previous.id, register=prepared.register, profile=previous.profile,
        file_name=previous.file_name, encoding=previous.encoding, rows_read=previous.rows_read,
        unchanged=previous.rows_read, same_file=True, dry_run=dry_run, notes=prepared.notes,
    )  # fmt: skip


@dataclass(slots=True)
class _Pending:
    """Rows waiting to be written together."""

    assets: list[dict[str, Any]] = field(default_factory=list)
    changes: list[dict[str, Any]] = field(default_factory=list)
    versions: list[dict[str, Any]] = field(default_factory=list)
    same: list[str] = field(default_factory=list)


class _Work:
    """One import being written."""

    def __init__(
        self, session: Session, prepared: Prepared, register: str, actor: Actor, now: datetime
    ) -> None:
        self.session, self.prepared, self.register = session, prepared, register
        self.actor, self.now, self.today = actor, now, london_day(now)
        self.import_id = new_id("IMP", length=10)
        self.report = Report(
            import_id=self.import_id, register=prepared.register, profile=prepared.profile.name,
            file_name=prepared.file_name, encoding=prepared.file.encoding,
            rows_read=len(prepared.rows), notes=prepared.notes,
        )  # fmt: skip

    def write(self, *, expect_fewer: bool) -> Report:
        """Write rows in batches, then what is missing, then the report."""
        before = queries.count_current(self.session, register=self.register)
        for batch in _batches(self.prepared.rows):
            self._write_batch(batch)
        self._mark_missing(before, expect_fewer=expect_fewer)
        self._write_report()
        return self.report

    def _write_batch(self, batch: Sequence[Row]) -> None:
        known = queries.standings(
            self.session, register=self.register, codes=[row.facts.code for row in batch]
        )
        pending = _Pending()
        for row in batch:
            self._sort(pending, row, known.get(row.facts.code))
        self._insert(Asset, pending.assets)
        if pending.changes:
            self.session.execute(update(Asset), pending.changes)
        if pending.same:
            self.session.execute(
                update(Asset).where(Asset.id.in_(pending.same)).values(last_import=self.import_id)
            )
        self._insert(AssetVersion, pending.versions)

    def _insert(self, model: Any, rows: list[dict[str, Any]]) -> None:
        """Insert rows by plain statements, several times faster than through objects."""
        if rows:
            self.session.connection().execute(insert(model.__table__), rows)

    def _sort(self, pending: _Pending, row: Row, known: queries.Standing | None) -> None:
        """Whether the row is new, changed or as it was (A7, A9)."""
        facts, digest = row.facts, row.digest
        state = "ended" if facts.ended_on and facts.ended_on <= self.today else "current"
        if known is None:
            asset = new_id("AST", length=10)
            pending.assets.append(
                self._columns(facts, digest, state)
                | {"id": asset, "version": 1, "first_import": self.import_id}
            )
            pending.versions.append(self._version(asset, 1, row.line, "added", row.text))
            self.report.added += 1
        elif known.digest == digest and known.state == state:
            pending.same.append(known.id)
            self.report.unchanged += 1
        else:
            change = "returned" if known.state == "not_seen" else "changed"
            number = known.version + 1
            pending.changes.append(
                self._columns(facts, digest, state) | {"id": known.id, "version": number}
            )
            pending.versions.append(self._version(known.id, number, row.line, change, row.text))
            self.report.changed += 1

    def _columns(self, facts: Facts, digest: str, state: str) -> dict[str, Any]:
        plain = {
            name: getattr(facts, name)
            for name in Facts.__dataclass_fields__
            if name != "source_row"
        }
        return plain | {
            "register": self.register, "search": rules.search_text(facts), "digest": digest,
            "state": state, "last_import": self.import_id,
        }  # fmt: skip

    def _version(
        self, asset: str, number: int, line: int, change: str, text: str
    ) -> dict[str, Any]:  # fmt: skip
        return {
            "asset": asset, "version": number, "import_id": self.import_id, "line": line,
            "change": change, "facts": text, "recorded_at": self.now,
        }  # fmt: skip

    def _mark_missing(self, before: int, *, expect_fewer: bool) -> None:
        missing = queries.not_in_import(
            self.session, register=self.register, import_id=self.import_id
        )
        rules.check_fall(rows_before=before, rows_missing=len(missing), expected=expect_fewer)
        for batch in _batches(missing):
            self.session.execute(
                update(Asset),
                [{"id": asset, "state": "not_seen", "ended_on": self._gone_on(),
                  "version": version + 1} for asset, version in batch],
            )  # fmt: skip
            self._insert(
                AssetVersion,
                [
                    self._version(asset, version + 1, 0, "not_seen", "{}")
                    for asset, version in batch
                ],
            )
        self.report.not_seen = len(missing)

    def _gone_on(self) -> date:
        return self.today

    def _write_report(self) -> None:
        report, file = self.report, self.prepared.file
        self.session.execute(
            insert(AssetImport),
            [{
                "id": self.import_id, "register": self.register,
                "number": queries.count_imports(self.session, register=self.register) + 1,
                "file_name": report.file_name, "file_digest": file.digest,
                "file_bytes": file.size_bytes, "encoding": file.encoding,
                "profile": report.profile, "rows_read": report.rows_read,
                "added": report.added, "changed": report.changed,
                "unchanged": report.unchanged, "not_seen": report.not_seen,
                "noted": len(report.notes), "imported_at": self.now,
                "imported_by": self.actor.person,
            }],
        )  # fmt: skip
        for batch in _batches(report.notes):
            self._insert(
                AssetImportNote,
                [{"import_id": self.import_id, "line": note.line, "kind": note.kind,
                  "column_name": note.column, "found": note.found} for note in batch],
            )  # fmt: skip


def _batches(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(rows), _BATCH):
        yield rows[start : start + _BATCH]
