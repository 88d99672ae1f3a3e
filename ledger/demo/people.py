"""Who lives and works in Harrowmere. Nobody here exists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

PASSWORD: Final = "seven ducks on the canal"  # noqa: S105 - shown to everybody who starts the demonstration

COUNCIL: Final = "Harrowmere Borough Council"
FIRE: Final = "Harrowmere Fire and Rescue Service"
POLICE: Final = "Harrowmere Police"
CANAL_GROUP: Final = "Canal Side Neighbours"
MILL_GROUP: Final = "Mill Lane Street Association"
STATION_GROUP: Final = "Station Quarter Together"

ORGANISATIONS: Final = (
    (COUNCIL, "council"),
    (FIRE, "agency"),
    (POLICE, "agency"),
    (CANAL_GROUP, "group"),
    (MILL_GROUP, "group"),
    (STATION_GROUP, "group"),
)
NEIGHBOURHOODS: Final = (
    "Canal Side", "Mill Lane", "Station Quarter", "Northgate", "Foundry", "Eastfield",
    "Hollins", "Weir Bank",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Townsperson:
    """Somebody with a sign-in: ``key`` is the part of the e-mail before @harrowmere.example."""

    key: str
    name: str
    role: str
    organisation: str | None
    comes_to: str

    @property
    def email(self) -> str:
        """Where they sign in."""
        return f"{self.key}@harrowmere.example"


TOWNSPEOPLE: Final = (
    Townsperson("resident", "Wren Ashdown", "resident", None,
                "join pledges and see what became of them"),
    Townsperson("organiser", "Idris Fenn", "organiser", CANAL_GROUP,
                "open a pledge and book a room"),
    Townsperson("treasurer", "Mabel Orchard", "treasurer", CANAL_GROUP,
                "see what was collected and ask for its release"),
    Townsperson("broker", "Callum Reedy", "broker", COUNCIL,
                "list buildings and answer booking requests"),
    Townsperson("analyst", "Priya Lanyon", "analyst", FIRE,
                "upload readings and mark them final"),
    Townsperson("officer", "Tamsin Holloway", "officer", COUNCIL,
                "draft agreements, moderate pledges, propose payments"),
    Townsperson("officer2", "Bashir Quill", "officer", COUNCIL,
                "verify what a colleague proposed"),
    Townsperson("head", "Greta Vane", "head", COUNCIL,
                "approve payments up to the head of service's limit"),
    Townsperson("s151", "Osric Bellamy", "s151", COUNCIL,
                "approve larger payments and close periods"),
    Townsperson("innovation", "Juno Carrick", "innovation_broker", COUNCIL,
                "follow promises that nobody has answered"),
    Townsperson("auditor", "Edda Marlowe", "auditor", None,
                "read everything, export it and verify it offline"),
    Townsperson("admin", "Felix Thorne", "administrator", COUNCIL,
                "manage people, roles and tokens"),
)  # fmt: skip
"""One sign-in for each of the people, and the second and third pair of eyes."""

ORGANISERS: Final = (
    Townsperson("analyst.police", "Rowan Tully", "analyst", POLICE, "sign for the police"),
    Townsperson("organiser.mill", "Hester Blount", "organiser", MILL_GROUP, "open a pledge"),
    Townsperson("treasurer.mill", "Noor Pascoe", "treasurer", MILL_GROUP, "keep the money"),
    Townsperson("organiser.station", "Leif Danby", "organiser", STATION_GROUP, "open a pledge"),
    Townsperson("treasurer.station", "Cora Imrie", "treasurer", STATION_GROUP, "keep the money"),
)

_FIRST: Final = (
    "Ada", "Bram", "Cleo", "Dov", "Esme", "Finn", "Gwen", "Hari", "Iris", "Jonas", "Kezia",
    "Lorcan", "Maeve", "Nils", "Oona", "Pavel", "Quincy", "Roza", "Silas", "Tilda",
)  # fmt: skip
_LAST: Final = ("Ambrose", "Brindle", "Coldwell", "Dray", "Eastoe", "Fairlie")
_STREETS: Final = ("Wharf Road", "Lock Street", "Mill Lane", "Station Approach", "Towpath Row")


def neighbours(count: int) -> list[tuple[str, str, str]]:
    """That many residents: name, e-mail, address; always the same ones."""
    return [
        (
            f"{_FIRST[index % 20]} {_LAST[index // 20 % 6]}",
            f"neighbour{index + 1}@harrowmere.example",
            f"{index + 1} {_STREETS[index % 5]}, Harrowmere",
        )
        for index in range(count)
    ]
