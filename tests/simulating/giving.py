"""Pledges from draft to end, with what people promise, pay and work, and offers that match it."""

from __future__ import annotations

from typing import Any

from ledger.kernel.db import transaction
from ledger.messages import queries as messages
from tests.simulating.asking import Asker, Ways


class Giving:
    """The group, its backers, and the officers who look after both."""

    def __init__(self, town: Asker) -> None:
        self.town = town
        self.units: dict[str, str] = {}
        """The unit of each pledge that was opened."""
        self.commitments: list[tuple[str, str]] = []
        self.hours: list[str] = []
        self.releases: list[str] = []
        self.runs: list[str] = []
        self.offers: list[str] = []

    @property
    def pledges(self) -> list[str]:
        """Those that were opened."""
        return list(self.units)

    @property
    def ways(self) -> Ways:
        """What they do, and how often."""
        return [
            (self.nurse, 16), (self.pledge, 2), (self.join, 6), (self.prove, 2), (self.pay, 4), (self.work, 3),
            (self.steer, 2), (self.offer, 2), (self.decide, 5), (self.release, 3), (self.refund, 2),
        ]  # fmt: skip

    def pledge(self) -> None:
        town = self.town
        least = town.chance.randint(1, 900) if town.now_and_then(0.6) else town.quantity()
        body = {
            "group": town.place.group, "broker": town.place.people["broker"],
            "neighbourhood": town.place.neighbourhood, "unit": town.one_of(("GBP", "HOUR")),
            "deal": self.deal(least), "match_counts": town.now_and_then(0.5),
        }  # fmt: skip
        made = town.post(town.any("organiser"), "pledges", body)
        if made.status_code == 201:
            pledge = made.json["id"]
            town.post(town.any("organiser"), f"pledges/{pledge}/submission")
            said = {"verdict": town.one_of(("open",) * 9 + ("back",)), "reason": town.words()}
            moderated = town.post(town.any("officer"), f"pledges/{pledge}/moderation", said)
            if moderated.status_code == 200 or town.now_and_then(0.05):
                self.units[pledge] = str(body["unit"])

    def deal(self, least: Any) -> dict[str, Any]:
        town = self.town
        return {
            "sentence": town.one_of((*["We will plant forty trees"] * 4, town.words())),
            "description": town.words(), "place": "Canal Side", "minimum": least,
            "optimum": least, "maximum": 500_000, "deadline_on": town.today(town.one_of((2, 3, 5, 50))),
            "too_little": "Nobody pays", "too_much": "More", "undeliverable": "All is paid back",
        }  # fmt: skip

    def join(self) -> None:
        """Promise something over the wire, or on a paper form that counts at once."""
        town = self.town
        if not self.units:
            return self.pledge()
        pledge = town.one_of(self.pledges)
        unit = self.units[pledge] if town.now_and_then(0.9) else "GBP"
        few = unit == "HOUR" or town.now_and_then(0.5)
        promise = {
            "unit": unit,
            "quantity": town.chance.randint(1, 500) if few else town.quantity(),
        }
        part = town.any("resident", "resident2")
        if town.now_and_then(0.5):
            form = {"promise": promise, "person": town.place.people[part],
                    "form_number": town.words()}  # fmt: skip
            made = town.post(town.any("officer"), f"pledges/{pledge}/paper-commitments", form)
        else:
            made = town.post(part, f"pledges/{pledge}/commitments", {"promise": promise})
        if made.status_code == 201:
            self.commitments.append((made.json["id"], part))
        if self.commitments and town.now_and_then(0.15):
            mine, whose = town.one_of(self.commitments)
            town.post(whose, f"commitments/{mine}/withdrawal")
        return None

    def nurse(self) -> None:
        """Do for a pledge what it waits for, so that some of them come to their end."""
        town = self.town
        if not self.units:
            return self.pledge()
        pledge = town.one_of(self.pledges[:3])
        view = town.ask("GET", "officer", f"pledges/{pledge}").json
        if view["state"] == "OPEN":
            part = town.one_of(("resident", "resident2"))
            promise = {"unit": view["unit"], "quantity": view["deal"]["minimum"]}
            form = {"promise": promise, "person": town.place.people[part], "form_number": "F-1"}
            made = town.post("officer", f"pledges/{pledge}/paper-commitments", form)
            if made.status_code == 201:
                self.commitments.append((made.json["id"], part))
            return None
        if view["state"] in ("REACHED", "SETTLING"):
            self.collect(pledge)
            return town.night()
        return self.finish(pledge, view)

    def collect(self, pledge: str) -> None:
        """Whatever is due is paid."""
        town = self.town
        found = town.ask("GET", "officer", f"commitments?pledge={pledge}").json["items"]
        for one in found:
            if one["state"] in ("DUE", "PART_MET", "OVERDUE"):
                left = one["promised"]["quantity"] - one["received"]["quantity"]
                body = {
                    "commitment": one["id"], "amount": {"unit": "GBP", "quantity": left},
                    "reference": f"BANK {one['id']}", "received_on": town.today(),
                }  # fmt: skip
                town.post("officer", "receipts", body)

    def finish(self, pledge: str, view: dict[str, Any]) -> None:
        """What a pledge holds is drawn, its hours are given, or its refunds listed and paid."""
        town = self.town
        if view["state"] == "DELIVERING" and view["unit"] == "GBP":
            return self.draw(pledge) if town.now_and_then(0.8) else self.end(pledge)
        if view["state"] == "DELIVERING":
            found = town.ask("GET", "officer", f"commitments?pledge={pledge}").json["items"]
            for one in found:
                hours = {"minutes": one["promised"]["quantity"], "worked_on": town.today()}
                made = town.post("organiser", f"commitments/{one['id']}/hours", hours)
                if made.status_code == 201:
                    whose = town.one_of(("resident", "resident2"))
                    town.post(whose, f"hours/{made.json['id']}/confirmation")
            return self.end(pledge)
        return self.refund()

    def draw(self, pledge: str) -> None:
        """Ask for a part of what is held, and take each request a step further."""
        town = self.town
        body = {
            "pledge": pledge, "milestone": "Trees bought", "evidence": "Invoice 12",
            "amount": {"unit": "GBP", "quantity": town.chance.randint(1, 300)},
        }  # fmt: skip
        made = town.post("treasurer", "releases", body)
        self.releases += [made.json["id"]] if made.status_code == 201 else []
        found = town.ask("GET", "officer", f"releases?pledge={pledge}").json["items"]
        steps: dict[str, tuple[str, dict[str, Any]]] = {
            "REQUESTED": ("proposal", {}), "PROPOSED": ("posting", {}),
            "RELEASED": ("payment", {"reference": "RUN 1"}),
        }  # fmt: skip
        for one in found:
            if one["state"] in steps:
                step, sent = steps[one["state"]]
                town.post("officer", f"releases/{one['id']}/{step}", sent)

    def end(self, pledge: str) -> None:
        town = self.town
        step, body = town.one_of((("completion", {}), ("dissolution", {"reason": town.words()})))
        town.post(town.any("officer"), f"pledges/{pledge}/{step}", body)

    def prove(self) -> None:
        """Follow the newest link that somebody was sent."""
        town = self.town
        part = town.one_of(("resident", "resident2"))
        with transaction(read_only=True) as session:
            links = [str(one.facts["secret_link"])
                     for one in messages.for_person(session, town.place.people[part])
                     if "secret_link" in one.facts]  # fmt: skip
        if links:
            secret = town.one_of(sorted(links)).rpartition("/")[2]
            town.post(town.any(part), "commitments/confirmations", {"secret": secret})

    def pay(self) -> None:
        town = self.town
        if not self.commitments:
            return self.join()
        mine, _whose = town.one_of(self.commitments)
        body = {
            "commitment": mine, "amount": {"unit": "GBP", "quantity": town.one_of((100, 300, town.quantity()))},
            "reference": f"BANK {town.chance.randint(1, 60)}", "received_on": town.today(),
            "accept_extra": town.now_and_then(0.6),
        }  # fmt: skip
        town.post(town.any("officer", "treasurer"), "receipts", body)
        if town.now_and_then(0.1):
            town.post(town.any("officer"), f"commitments/{mine}/excuse", {"reason": town.words()})
        return None

    def work(self) -> None:
        """Log hours as one side, or answer as the other."""
        town = self.town
        if self.hours and town.now_and_then(0.5):
            entry = town.one_of(self.hours)
            who = town.any("organiser", "resident", "resident2")
            step = town.one_of(("confirmation", "confirmation", "refusal"))
            body = {} if step == "confirmation" else {"reason": town.words()}
            town.post(who, f"hours/{entry}/{step}", body)
        elif self.commitments:
            mine, whose = town.one_of(self.commitments)
            body = {"minutes": town.chance.randint(1, 500), "worked_on": town.today(),
                    "work": town.words()}  # fmt: skip
            made = town.post(town.any(whose, "organiser"), f"commitments/{mine}/hours", body)
            self.hours += [made.json["id"]] if made.status_code == 201 else []

    def steer(self) -> None:
        """An officer pauses, resumes, rewords, ends, or takes up an offer for a pledge."""
        town = self.town
        if not self.units or town.now_and_then(0.3):
            return self.pledge()
        bodies: dict[str, Any] = {
            "suspension": {"reason": town.words()}, "resumption": {"reason": town.words()},
            "wordings": {"reason": town.words(), "deal": self.deal(town.chance.randint(1, 900))},
            "cancellation": {"reason": town.words()}, "dissolution": {"reason": town.words()},
            "shortfall": {"reason": town.words(), "verdict": town.one_of(("go_on", "extend", "dissolve"))},
            "completion": {},
        }  # fmt: skip
        if self.offers:
            bodies["match"] = {"offer": town.one_of(self.offers)}
        step = town.one_of(("resumption", *bodies))
        town.post(town.any("officer"), f"pledges/{town.one_of(self.pledges)}/{step}", bodies[step])
        return None

    def offer(self) -> None:
        """Propose an offer, or take one a step further."""
        town = self.town
        if self.offers and town.now_and_then(0.6):
            offer = town.one_of(self.offers)
            step, body = town.one_of((
                ("approval", {"decision_reference": town.words()}),
                ("funding", {"receipt_reference": town.words()}),
                ("approval", {"decision_reference": "CAB 7"}), ("funding", {"receipt_reference": "B"}),
                ("approval", {"decision_reference": "CAB 8"}), ("funding", {"receipt_reference": "C"}),
                ("closing", {"reason": town.words()}),
            ))  # fmt: skip
            town.post(town.any("officer", "head"), f"offers/{offer}/{step}", body)
            return
        pot = {"unit": "GBP", "quantity": town.quantity()}
        body = {
            "title": town.words(), "donor": town.place.council, "pot": pot, "rate_match": 1,
            "rate_gift": town.chance.randint(0, 3), "donor_max": pot, "pledge_max": pot,
        }  # fmt: skip
        made = town.post(town.any("officer"), "offers", body)
        self.offers += [made.json["id"]] if made.status_code == 201 else []

    def decide(self) -> None:
        """Decide about whatever waits."""
        town = self.town
        waiting = town.ask("GET", town.one_of(("officer2", "head", "s151")), "approvals").json[
            "items"
        ]
        if waiting:
            one = town.one_of(waiting)
            said = {"stage": one["waits_for"], "verdict": town.one_of(("yes",) * 9 + ("no",)),
                    "reason": town.words(), "digest": one["digest"]}  # fmt: skip
            who = town.any("officer2", "head", "s151")
            town.post(who, f"approvals/{one['id']}/decisions", said)

    def release(self) -> None:
        """Ask for money for a milestone, or take what was asked a step further."""
        town = self.town
        if self.releases and town.now_and_then(0.7):
            one = town.one_of(self.releases)
            step, body = town.one_of((
                ("proposal", {}), ("posting", {}), ("posting", {}), ("payment", {"reference": "RUN 1"}),
                ("refusal", {"reason": town.words()}),
            ))  # fmt: skip
            town.post(town.any("officer"), f"releases/{one}/{step}", body)
        elif self.pledges:
            body = {
                "pledge": town.one_of(self.pledges), "milestone": town.words(),
                "evidence": town.words(),
                "amount": {"unit": "GBP", "quantity": town.chance.randint(1, 300)},
            }  # fmt: skip
            made = town.post(town.any("treasurer"), "releases", body)
            self.releases += [made.json["id"]] if made.status_code == 201 else []

    def refund(self) -> None:
        """Propose to pay back what a pledge owes, or pay a list that was approved."""
        town = self.town
        if self.runs and town.now_and_then(0.5):
            body = {"reference": town.words()}
            town.post(town.any("officer"), f"refund-runs/{town.one_of(self.runs)}/payment", body)
        elif self.pledges:
            made = town.post(
                town.any("officer"), "refund-runs", {"pledge": town.one_of(self.pledges)}
            )
            self.runs += [made.json["id"]] if made.status_code == 201 else []
