"""Readings of fires and litter, and agreements that pay for fewer of them."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

from ledger.api.schemas.dividends import TermsSchema
from ledger.dividends.rules.terms import Payee
from tests import dividing
from tests.dividing import LEGAL_POWER, MEASURE
from tests.simulating.asking import Asker, Ways


class Deals:
    """The fire service, the council and one group, with three years of readings between them."""

    def __init__(self, town: Asker) -> None:
        self.town = town
        self.deal = dividing.stage(town.place)
        fire, council = self.deal.fire, town.place.council
        self.signers = {fire: "analyst", council: "officer", town.place.group: "organiser"}
        terms = replace(
            self.deal.terms, payees=(Payee(town.place.group, 1),), cap_pence=900_000,
            agencies=tuple(one for one in self.deal.terms.agencies
                           if one.organisation in (fire, council)),
        )  # fmt: skip
        told = json.loads(json.dumps(asdict(terms), default=str))
        self.terms = {name: value for name, value in told.items() if name in TermsSchema().fields}
        self.agreements: list[str] = []

    @property
    def ways(self) -> Ways:
        """What they do, and how often."""
        return [
            (self.agree, 12),
            (self.judge, 4),
            (self.read_in, 3),
            (self.define, 1),
            (self.look, 2),
        ]

    def agree(self) -> None:
        """Draft an agreement, or take the newest one a step further."""
        town = self.town
        if not self.agreements or (len(self.agreements) < 3 and town.now_and_then(0.1)):
            changed = {"title": town.words()} if town.now_and_then(0.5) else {}
            changed |= {"cap_pence": town.quantity()} if town.now_and_then(0.2) else {}
            made = town.post(town.any("officer"), "agreements", self.terms | changed)
            self.agreements += [made.json["id"]] if made.status_code == 201 else []
            return None
        one = self.agreements[0] if town.now_and_then(0.8) else town.one_of(self.agreements)
        view = town.ask("GET", "officer", f"agreements/{one}").json
        if view["state"] == "SIGNED" and town.now_and_then(0.5):
            return self.fund(one)
        part, step, body = self._next(view)
        if town.now_and_then(0.06):
            part, step, body = "officer", town.one_of(("ending", "closing")), {}
            body = {"reason": town.words()} if step == "ending" else {}
        town.post(town.any(part), f"agreements/{one}/{step}", body)
        return None

    def fund(self, agreement: str) -> None:
        """The agencies commit and pay, and the agreement begins to run."""
        town = self.town
        town.post("s151", f"agreements/{agreement}/commitment")
        for agency in self.terms["agencies"]:
            town.post("officer", f"agreements/{agreement}/receipts", self._receipt(agency))
        town.post("s151", f"agreements/{agreement}/funding")
        town.post("officer", f"agreements/{agreement}/activation")

    def _receipt(self, agency: dict[str, Any]) -> dict[str, Any]:
        organisation = agency["organisation"]
        return {"agency": organisation, "reference": f"BACS {organisation}",
                "quantity_pence": agency["commitment_pence"], "received_on": self.town.today()}  # fmt: skip

    def _next(self, view: dict[str, Any]) -> tuple[str, str, dict[str, Any]]:
        town, state = self.town, view["state"]
        unsigned = view["unsigned"]
        if state == "POWER_CHECKED" and unsigned:
            party = town.one_of(unsigned)
            digest = view["digest"] if town.now_and_then(0.9) else "0" * 64
            return self.signers[party], "signatures", {"organisation": party, "digest": digest}
        if state == "SIGNED":
            receipt = self._receipt(town.one_of(self.terms["agencies"]))
            return town.one_of((("s151", "commitment", {}), ("officer", "receipts", receipt),
                                ("officer", "receipts", receipt), ("s151", "funding", {})))  # fmt: skip
        payment = {"payee": town.place.group, "quantity_pence": town.quantity(),
                   "reference": f"RUN {town.chance.randint(1, 9)}", "paid_on": town.today()}  # fmt: skip
        return {
            "DRAFT": ("officer", "brokering", {}),
            "BROKERED": ("officer", "power-check", {"legal_power": LEGAL_POWER}),
            "FUNDED": ("officer", "activation", {}),
        }.get(state, ("head", "payments", payment))  # type: ignore[return-value]

    def judge(self) -> None:
        """Say yes or no to a determination that waits, after a night that may bring one."""
        town = self.town
        if town.now_and_then(0.4):
            town.night()
        found = town.ask("GET", "officer", "determinations").json["items"]
        waiting = [one for one in found if one["state"] in ("TESTED", "VERIFIED")]
        if waiting:
            one = town.one_of(waiting)
            stage = "verify" if one["state"] == "TESTED" else "approve"
            body = {"stage": stage, "verdict": town.one_of(("yes",) * 9 + ("no",)),
                    "reason": town.words(), "digest": one["digest"]}  # fmt: skip
            who = town.any("officer" if stage == "verify" else "s151")
            town.post(who, f"determinations/{one['id']}/decisions", body)

    def read_in(self) -> None:
        """A file of a few counts: new, revised, or wrong in a line."""
        town = self.town
        values = ("3", "4", "5", "17", "-1", "1.5", "", "x", "9" * 20)
        rows = [
            f"{town.one_of(('Mill Lane', 'Weir Bank', 'Ünder Bridge', 'MILL LANE'))},"
            f"2025-{town.chance.randint(1, 13 if town.now_and_then(0.1) else 12):02d},"
            f"{town.one_of(values if town.now_and_then(0.1) else values[:4])}"
            for _ in range(town.chance.randint(1, 5))
        ]
        content = "\n".join(["area,period,value", *rows, ""]).encode()
        options = {"measure": town.one_of(("litter.reports", "litter.reports", "new.one", "Not One")),
                   "dry_run": town.one_of(("yes", "no", "no"))}  # fmt: skip
        town.upload(town.any("analyst"), "readings/imports", content, **options)

    def define(self) -> None:
        town = self.town
        if town.now_and_then(0.5):
            body = {"code": town.one_of(("litter.reports", "x.y", town.words())),
                    "name": town.words(), "definition": town.words(), "source": town.words(),
                    "supplier": town.place.council}  # fmt: skip
            town.post(town.any("analyst"), "measures", body)
        else:
            measure = town.one_of(("litter.reports", MEASURE, "nowhere"))
            town.post(town.any("analyst"), f"measures/{measure}/final", {"through": town.day()})

    def look(self) -> None:
        town = self.town
        where = town.one_of((
            "measures", "measures/litter.reports/areas", f"measures/{MEASURE}", "agreements",
            "readings?measure=litter.reports&area=mill-lane&from=2025-01-01&to=2025-12-01",
            f"readings?measure={MEASURE}&area=canal-side&from=2024-01-01&to=2024-12-01",
            "determinations", "readings/imports",
        ))  # fmt: skip
        town.ask("GET", town.any("resident", "analyst", "officer"), where)
