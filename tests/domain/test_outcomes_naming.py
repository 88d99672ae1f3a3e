"""A measure that a file brought is named, and every later answer calls it so (O12)."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from ledger.audit import queries as audit
from ledger.dividends import queries as dividends
from ledger.kernel.db import transact, transaction
from ledger.kernel.errors import Forbidden, Invalid, LedgerError, RefusedByDatabase
from ledger.outcomes import queries, service
from ledger.outcomes.rules.naming import Naming
from ledger.outcomes.rules.refusals import MeasureUnknown
from tests import dividing
from tests.cast import Place
from tests.dividing import MEASURE, NOW
from tests.domain.test_outcomes_readings import take

FIRES = Naming("Deliberate fires", "a fire that was set on purpose", "lower")


def name(
    place: Place, naming: Naming = FIRES, part: str = "analyst", measure: str = MEASURE
) -> None:
    transact(
        lambda s: service.name_measure(
            s, measure=measure, naming=naming, actor=place.actor(part), now=NOW
        )
    )


def view() -> queries.MeasureView:
    with transaction(read_only=True) as session:
        return queries.measure(session, MEASURE)


def test_a_measure_is_called_by_its_code_until_somebody_names_it(place: Place) -> None:
    take(place, dividing.readings_file())
    before = view()
    assert (before.name, before.is_named, before.counted) == (MEASURE, False, "")
    name(place)
    named = view()
    assert (named.name, named.is_named, named.counted) == (FIRES.name, True, FIRES.counted)
    assert (named.id, named.version_id, named.definition) == (
        before.id, before.version_id, before.definition,
    )  # fmt: skip
    name(place, Naming("  Arson\tand fires ", "", "higher"), "officer")
    again = view()
    assert (again.name, again.counted, again.better) == ("Arson and fires", "", "higher")
    with transaction(read_only=True) as session:
        events = [one.action for one in audit.events(session, subject=MEASURE)]
        assert queries.names_said(session, MEASURE) == 2
        assert queries.name_of_version(session, f"{MEASURE}@1") == "Arson and fires"
        assert queries.name_of_version(session, f"{MEASURE}@9") is None
    assert events.count("measure.name") == 2
    take(place, dividing.readings_file(after=30))
    assert view().name == "Arson and fires", "another file changes no name"


def test_those_that_have_names_are_listed_by_them(place: Place) -> None:
    take(place, dividing.readings_file())
    take(place, dividing.readings_file(after=40), measure="litter")
    name(place, Naming("Aggressive litter", "", "lower"), measure="litter")
    with transaction(read_only=True) as session:
        assert [(one.id, one.name) for one in queries.measures(session)] == [
            ("litter", "Aggressive litter"), (MEASURE, MEASURE),
        ]  # fmt: skip


def test_an_agreement_shows_the_name_and_pins_the_version(place: Place) -> None:
    deal = dividing.stage(place)
    reference = dividing.drafted(deal)

    def shown() -> tuple[str, str]:
        with transaction(read_only=True) as session:
            terms = dividends.agreement(session, reference).terms
            return terms.measure_version, dividends.names(session, terms)[terms.measure_version]

    version, _ = shown()
    name(place, Naming("Fires set on purpose", "", "lower"))
    assert shown() == (version, "Fires set on purpose")


REFUSED: dict[str, tuple[Naming, str, str, type[LedgerError]]] = {
    "no name": (Naming(" ", "", "lower"), "analyst", MEASURE, Invalid),
    "no letters": (Naming("???", "", "lower"), "analyst", MEASURE, Invalid),
    "too long": (Naming("x" * 201, "", "lower"), "analyst", MEASURE, Invalid),
    "too many words": (Naming("Fires", "x" * 1_001, "lower"), "analyst", MEASURE, Invalid),
    "hidden letters": (Naming("Fi\u202eres", "", "lower"), "analyst", MEASURE, Invalid),
    "neither way": (Naming("Fires", "", "sideways"), "analyst", MEASURE, Invalid),
    "no such measure": (FIRES, "analyst", "litter", MeasureUnknown),
    "a resident": (FIRES, "resident", MEASURE, Forbidden),
    "an auditor": (FIRES, "auditor", MEASURE, Forbidden),
    "a broker": (FIRES, "broker", MEASURE, Forbidden),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_name_is_refused(place: Place, what: str) -> None:
    naming, part, measure, refusal = REFUSED[what]
    take(place, dividing.readings_file())
    with pytest.raises(refusal):
        name(place, naming, part, measure)
    assert not view().is_named


@pytest.mark.parametrize(
    "verb", ["UPDATE measure_name SET name = 'Other'", "DELETE FROM measure_name"]
)
@pytest.mark.owner_only("the right is refused before the guard is asked")
def test_the_database_keeps_every_name(place: Place, verb: str) -> None:
    take(place, dividing.readings_file())
    name(place)
    with pytest.raises(RefusedByDatabase, match="never"):
        transact(lambda s: s.execute(text(verb)))
