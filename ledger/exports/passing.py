"""Journals that pass by once, from PostgreSQL into a pack's database and its sheets alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.orm import Session

from ledger.exports import lines, tables
from ledger.kernel.runs import runs

_JOURNAL: Final = tuple(tables.TABLES["journal"])
_ENTRY: Final = tuple(tables.TABLES["entry"])
_TOLD: Final = [
    _JOURNAL.index(name)
    for name in ("seq", "effective_on", "recorded_us", "kind", "id", "group_id", "reason",
                 "purpose", "maker", "checker")
]  # fmt: skip
_LINES: Final = [
    _ENTRY.index(name)
    for name in ("seq", "line", "account", "side", "amount", "layer", "balance_after")
]


@dataclass(frozen=True, slots=True)
class Passing:
    """A source of journals that keeps a copy of every row it hands on."""

    session: Session
    copy: tables.Copy

    def accounts(self) -> dict[int, lines.AccountWords]:
        """The accounts in words, from the copy."""
        return lines.accounts(self.copy.connection.execute)

    def journals(self) -> lines.Journals:
        """Some hundred journals and all their lines, in order of number."""
        scope, put = self.copy.scope, self.copy.put
        made = tables.statements(scope, sqlite_live=False)
        asked = [
            ([_passed(name) for name in columns],
             f"SELECT * FROM ({tables.for_postgresql(made[table])}) t({', '.join(columns)})")
            for table, columns in (("journal", _JOURNAL), ("entry", _ENTRY))
        ]  # fmt: skip
        values = {"book": scope.book, "starts": scope.starts_on, "ends": scope.ends_on}
        with runs(self.session, asked, first=1, last=scope.size, values=values) as found:
            for run in found:
                if run[0] is None:
                    continue
                journal: Any = run[: len(_JOURNAL)]
                entry: Any = run[len(_JOURNAL) :]
                put("journal", zip(*journal, strict=True))
                put("entry", zip(*entry, strict=True))
                yield (
                    list(zip(*(journal[place] for place in _TOLD), strict=True)),
                    list(zip(*(entry[place] for place in _LINES), strict=True)),
                )


def _passed(column: str) -> str:
    absent = tables.ABSENT.get(column)
    return f"COALESCE({column}, {absent})" if absent else column
