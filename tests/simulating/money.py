"""The finance office: corrections and loans of two people, periods, signatures, inspections."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from ledger.books import service as books
from ledger.books.rules import AccountSpec, credit, debit
from ledger.kernel.db import transact
from tests.raw_books import spec
from tests.simulating.asking import Asker, Ways

BANK, RIVER, GIFTS, GRANTS, RIVER_IN, HOURS, GIVEN = (
    "Assets:Bank", "Assets:Bank:River", "Income:Gifts", "Expenses:Grants", "Income:River",
    "Assets:Hours", "Income:Hours",
)  # fmt: skip
PATHS = (BANK, RIVER, GIFTS, GRANTS, RIVER_IN, HOURS, GIVEN, "Assets:Nowhere", "x", "Assets:B\0")


class Office:
    """The books of the place, and those who keep and inspect them."""

    def __init__(self, town: Asker) -> None:
        self.town = town
        self.drafts: list[Any] = []
        self.closed: list[int] = []
        self.inspections: list[str] = []
        self.matters: list[str] = []
        self._open_books()

    def _open_books(self) -> None:
        town = self.town

        def unit(session: Any) -> None:
            book = town.place.book
            books.open_fund(
                session, book=book, code="RIVER", fund_class="restricted", name="River",
                purpose="flood",
            )  # fmt: skip
            accounts = [
                AccountSpec(BANK, guard="D"), AccountSpec(GIFTS), AccountSpec(GRANTS),
                AccountSpec(RIVER, fund="RIVER", guard="D"), AccountSpec(RIVER_IN, fund="RIVER"),
                AccountSpec(HOURS, unit="HOUR"), AccountSpec(GIVEN, unit="HOUR"),
            ]  # fmt: skip
            books.open_accounts(session, book=book, specs=accounts)
            gift = spec("gift", debit(BANK, 90_000), credit(GIFTS, 90_000),
                        effective_on=date(2026, 1, 5))  # fmt: skip
            books.post(session, book=book, spec=gift, now=town.clock.now())

        transact(unit)

    @property
    def ways(self) -> Ways:
        """What they do, and how often."""
        return [
            (self.correct, 4), (self.lend, 2), (self.decide, 6), (self.period, 5),
            (self.inspect, 5), (self.sign, 1),
        ]  # fmt: skip

    def correct(self) -> None:
        town = self.town
        quantity, paths = town.quantity(), town.chance.sample(PATHS, 2)
        if town.now_and_then(0.6):
            paths = list(town.one_of(((BANK, GIFTS), (GRANTS, BANK), (RIVER, RIVER_IN))))
        entries = [{"account": path, "side": side, "quantity": quantity}
                   for path, side in zip(paths, "DC", strict=True)]  # fmt: skip
        body = {"effective_on": town.day(), "reason": town.words(), "entries": entries}
        self._drafted(town.post(town.any("s151", "head"), "drafts/corrections", body))

    def lend(self) -> None:
        town = self.town
        body = {
            "what": town.one_of(("lend", "pay_back", "give")), "quantity": town.quantity(),
            "paid_from": town.one_of((BANK, RIVER, GIFTS)),
            "paid_into": town.one_of((BANK, RIVER)),
            "effective_on": town.day(), "reason": town.words(),
        }  # fmt: skip
        self._drafted(town.post(town.any("s151", "head"), "drafts/loans", body))

    def _drafted(self, answer: Any) -> None:
        if answer.status_code == 201:
            self.drafts.append(answer.json)

    def decide(self) -> None:
        town = self.town
        if not self.drafts:
            return self.correct()
        made = town.one_of(self.drafts[-4:])
        digest = made["proposal"]["digest"] if town.now_and_then(0.9) else "0" * 64
        verdict = town.one_of(("yes",) * 8 + ("no", "maybe"))
        body = {"verdict": verdict, "digest": digest, "reason": town.words()}
        by_head = made["proposal"]["maker"] == town.place.people["s151"]
        who = town.any("head" if by_head else "s151")
        town.post(who, f"drafts/{made['id']}/decision", body)
        return None

    def period(self) -> None:
        town = self.town
        number, who = town.chance.randint(1, 2), town.any("s151", "head")
        view = town.ask("GET", "auditor", f"periods/{number}").json
        if view.get("status") == 404 or town.now_and_then(0.2):
            first = date(2026, town.one_of((1, 1, 2)), town.one_of((1, 1, 1, 15)))
            last = first + timedelta(days=town.one_of((13, 26, 27, 27, 30)))
            town.post(who, "periods", {"starts_on": str(first), "ends_on": str(last)})
            return
        signed = view.get("signed") or {}
        if view.get("status") == "CLOSED" and number not in self.closed:
            self.closed.append(number)
        if view.get("status") == "CLOSED" and town.now_and_then(0.7):
            return
        kind = "reopen" if view.get("status") == "CLOSED" else "close"
        bodies: dict[str, Any] = {
            "closing": {}, "signatures": {"what": kind, "reason": town.words()},
            "countersignature": {"digest": signed.get("digest", "0" * 64), "reason": town.words()},
        }  # fmt: skip
        step = "closing" if view.get("status") == "OPEN" else "signatures"
        if signed and town.now_and_then(0.8):
            step = "countersignature"
            who = "head" if signed["maker"] == town.place.people["s151"] else "s151"
        if town.now_and_then(0.1):
            step = town.one_of(sorted(bodies))
        town.post(who, f"periods/{number}/{step}", bodies[step])

    def inspect(self) -> None:
        """Open the books of a period, ask about them, answer, decide, or take a question back."""
        town = self.town
        if not self.inspections:
            if not self.closed and town.now_and_then(0.8):
                return self.period()
            body = {"period": town.one_of((*self.closed * 5, 1, 2)), "opens_on": town.today()}
            made = town.post(town.any("s151", "head"), "inspections", body)
            self.inspections += [made.json["id"]] if made.status_code == 201 else []
        elif not self.matters or town.now_and_then(0.4):
            body = {
                "kind": town.one_of(("question", "objection")),
                "journal": town.one_of((1, 1, 1, 2, 3, 9)),
                "entry": town.one_of((None, 1, 2, 3)), "words": town.words(),
            }  # fmt: skip
            asked = town.post(town.any("resident", "organiser", "auditor"),
                              f"inspections/{self.inspections[0]}/matters", body)  # fmt: skip
            self.matters += [asked.json["id"]] if asked.status_code == 201 else []
        else:
            step, *parts = town.one_of((("answer", "officer", "head"), ("decision", "auditor"),
                                        ("withdrawal", "resident", "organiser")))  # fmt: skip
            body = {} if step == "withdrawal" else {"words": town.words()}
            town.post(
                town.any(*parts), f"inspections/matters/{town.one_of(self.matters)}/{step}", body
            )
            town.ask("GET", "auditor", f"inspections/{self.inspections[0]}/matters")
        return None

    def sign(self) -> None:
        self.town.post(self.town.any("auditor", "s151"), "checkpoints")
