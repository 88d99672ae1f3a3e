"""Buildings: read from files, listed, let by the hour, booked twice, used, cancelled and paid."""

from __future__ import annotations

from typing import Any

from tests import hall
from tests.simulating.asking import ODD_WORDS, Asker, Ways

HEADINGS = "Asset Ref,Asset Name,Street,Post Code,Tenure,GeoX,GeoY"


class Halls:
    """A hall of two rooms, its broker, and those who want the same evening."""

    def __init__(self, town: Asker) -> None:
        self.town = town
        self.hall = hall.open_hall(town.place, now=town.clock.now(), retention_percent=30)
        self.spaces = [self.hall.hall, self.hall.room_a, self.hall.room_b]
        self.bookings: list[tuple[str, str]] = []

    @property
    def ways(self) -> Ways:
        """What they do, and how often."""
        return [
            (self.book, 9), (self.answer, 6), (self.date, 4), (self.evening, 6), (self.pay, 2), (self.let, 2),
            (self.close, 1), (self.import_register, 2), (self.look, 2),
        ]  # fmt: skip

    def book(self) -> None:
        """Ask for one of few evenings, so that many want the same."""
        town = self.town
        starts = town.one_of((18 * 60, 19 * 60, 19 * 60, 20 * 60 + 30))
        series: dict[str, Any] = {
            "starts_on": town.today(town.chance.randint(0, 4)), "start_minute": starts,
            "end_minute": starts + town.one_of((60, 90, 120)),
        }  # fmt: skip
        if town.now_and_then(0.3):
            series |= {"every_weeks": 1, "count": town.chance.randint(1, 4)}
        part = town.any("organiser", "treasurer", "resident", "resident2")
        classes = (
            ("community", "standard") if part in ("organiser", "treasurer") else ("standard",) * 5
        )
        body = {
            "space": town.one_of(self.spaces), "series": series, "activity": town.words(),
            "headcount": town.one_of((1, 12, 12, 12, 12, 30, 50, 500)),
            "user_class": town.one_of((*classes, "community")),
        }  # fmt: skip
        if town.now_and_then(0.2):
            town.post(part, "bookings/previews", body)
            return
        body |= {"mode": town.one_of(("all", "skip")), "hold": town.now_and_then(0.2)}
        made = town.post(part, "bookings", body)
        if made.status_code == 201:
            self.bookings.append((made.json["id"], part))

    def answer(self) -> None:
        """The broker answers, or who asked claims what is held or takes it back."""
        town = self.town
        if not self.bookings:
            return self.book()
        booking, whose = town.one_of(self.bookings[-5:])
        step, part, body = town.one_of((
            ("confirmation", "broker", None), ("confirmation", "broker", None),
            ("decline", "broker", {"reason": town.words()}), ("request", whose, None),
            ("withdrawal", whose, None),
        ))  # fmt: skip
        town.post(town.any(part), f"bookings/{booking}/{step}", body)
        return None

    def date(self) -> None:
        """One date is cancelled by either side, added again, or said to be used or not."""
        town = self.town
        if not self.bookings:
            return self.book()
        booking, whose = town.one_of(self.bookings)
        view = town.ask("GET", whose, f"bookings/{booking}").json
        if "occurrences" not in view:
            return None
        occurrence = town.one_of(view["occurrences"])["id"]
        side = town.one_of(("hirer", "provider"))
        step, part, body = town.one_of((
            ("cancellation", whose if side == "hirer" else "broker",
             {"side": side, "reason": town.words()}),
            ("use", "broker", {"used": town.now_and_then(0.7)}),
            ("use", "broker", {"used": town.now_and_then(0.7)}), ("return", whose, None),
        ))  # fmt: skip
        town.post(town.any(part), f"bookings/{booking}/dates/{occurrence}/{step}", body)
        return None

    def evening(self) -> None:
        """An evening later, the broker says of the dates that are over whether they were used."""
        town = self.town
        town.sleep(town.one_of((0, 12, 30)))
        found = town.ask("GET", "broker", "bookings?state=confirmed&limit=3").json["items"]
        for one in found:
            view = town.ask("GET", "broker", f"bookings/{one['id']}").json
            for date in view["occurrences"]:
                over = (
                    date["starts_at"]
                    and date["starts_at"] <= f"{town.clock.now():%Y-%m-%dT%H:%M:%SZ}"
                )
                if over and date["state"] == "confirmed":
                    town.post("broker", f"bookings/{one['id']}/dates/{date['id']}/use",
                              {"used": town.now_and_then(0.7)})  # fmt: skip

    def pay(self) -> None:
        town = self.town
        if self.bookings:
            body = {"reference": f"HIRE {town.chance.randint(1, 9)}",
                    "quantity_pence": town.quantity(), "received_on": town.day()}  # fmt: skip
            booking, _whose = town.one_of(self.bookings)
            town.post(town.any("officer"), f"bookings/{booking}/payments", body)

    def let(self) -> None:
        """Add a building, list it, let a room of it, or set hours and prices."""
        town, asset, space = self.town, self.hall.asset, self.space()
        opening = {"weekday": town.chance.randint(0, 7), "opens_minute": 480,
                   "closes_minute": town.one_of((1_320, 1_440, 300))}  # fmt: skip
        path, body = town.one_of((
            ("assets", {"name": town.words(), "council": "Testwick Council", "street": town.words(),
                        "postcode": town.one_of(("TW1 1AA", "tw1 1aa", "x"))}),
            (f"assets/{asset}/listing", {"summary": town.words()}),
            (f"assets/{asset}/hours", {"from_on": town.day(), "openings": [opening]}),
            ("spaces", {"asset": asset, "name": town.words(), "parts": [town.words(), "A"],
                        "capacity": 20, "approval": town.one_of(("instant", "exclusive"))}),
            (f"spaces/{space}/rates", {"user_class": town.one_of(("standard", "community")),
                                       "pence_per_hour": town.quantity(), "from_on": town.day(),
                                       "policy": town.one_of(("LIST", "C-1"))}),
        ))  # fmt: skip
        made = town.post(town.any("broker"), path, body)
        if path == "spaces" and made.status_code == 201:
            space = made.json["id"]
            self.spaces.append(space)
            price = {"user_class": "standard", "pence_per_hour": 700, "from_on": "2026-01-01"}
            town.post("broker", f"spaces/{space}/rates", price)

    def close(self) -> None:
        town = self.town
        day = town.today(town.chance.randint(0, 6))
        body = {
            "starts_at": f"{day}T08:00:00Z", "ends_at": f"{day}T23:00:00Z",
            "reason": town.words(), "displacing": town.now_and_then(0.5),
        }  # fmt: skip
        town.post(town.any("broker"), f"assets/{self.hall.asset}/closures", body)

    def import_register(self) -> None:
        """A file of a few rows, of which some are odd, some gone and some new."""
        town = self.town
        rows = [
            f'A{number},"{cell(town.words())}",Weir Street,{town.one_of(("TW1 1AB", "tw11ab", "x"))},'
            f'{town.one_of(("Freehold", "Leasehold", "?"))},{town.one_of(("-2.35", "53.38", ""))},'
            f'{town.one_of(("53.38", "-2.35", ""))}'
            for number in range(town.chance.randint(1, 7))
        ]  # fmt: skip
        content = "\n".join([HEADINGS, *rows, ""]).encode()
        options = {"register": "Testwick", "dry_run": town.one_of(("yes", "no", "no")),
                   "expect_fewer": town.one_of(("yes", "no"))}  # fmt: skip
        made = town.upload(
            town.any("broker", "administrator"), "assets/imports", content, **options
        )
        if made.status_code == 201 and made.json["import_id"]:
            town.ask("GET", "broker", f"assets/imports/{made.json['import_id']}/notes")

    def space(self) -> str:
        """One of the spaces."""
        return self.town.one_of(self.spaces)

    def look(self) -> None:
        town = self.town
        where = town.one_of((
            f"spaces?asset={self.hall.asset}", f"spaces/{self.space()}/rates",
            f"spaces/{self.space()}/week?from_on={town.today()}", "bookings?limit=3",
            "bookings?state=confirmed", "assets?search=weir", "assets?listed=yes", "assets?limit=2",
            "assets?search=%C3%A9", "assets/imports",
        ))  # fmt: skip
        town.ask("GET", town.any("resident", "broker", "organiser"), where)


def cell(words: Any) -> str:
    """Words that a file in UTF-8 can hold, within quotes."""
    plain = str(words).replace('"', "'")
    return plain if words not in ODD_WORDS or plain.isprintable() else "odd"
