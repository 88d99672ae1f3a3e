"""What is reckoned in short whole numbers is what the plain definition says, for every count."""

from __future__ import annotations

import json
from datetime import date
from fractions import Fraction
from math import comb

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.outcomes.rules.exact import ONE, Counts, p_value
from ledger.outcomes.rules.looking import Look, frozen_bytes, seen_of
from ledger.outcomes.rules.spread import careful_p_value, phi, spread_p_value
from ledger.outcomes.rules.windows import plus_months

small = st.integers(0, 40)
nulls = st.integers(1, 9_999).map(lambda share: Fraction(share, 10_000))
areas = st.text(min_size=1, max_size=6)
readings = st.lists(st.tuples(st.integers(0, 10**9), st.integers(1, 9)), max_size=5)


@given(small, small, st.integers(1, 60), st.integers(0, 60), nulls)
def test_the_test_against_a_target_is_the_sum_of_its_weighted_terms(
    before: int, after: int, other_before: int, other_after: int, null: Fraction
) -> None:
    # O1, O5: Fisher's noncentral hypergeometric distribution, term by term.
    area, others, drawn = before + after, other_before + other_after, after + other_after
    terms = [
        comb(area, k) * comb(others, drawn - k) * null**k if drawn >= k else Fraction(0)
        for k in range(area + 1)
    ]
    found = p_value(Counts(before, after, other_before, other_after), null=null)
    assert found == sum(terms[: after + 1]) / sum(terms)


@given(st.integers(2, 4), st.data())
def test_phi_is_pearsons_sum_of_squares_over_its_degrees_of_freedom(
    years: int, data: st.DataObject
) -> None:
    # O4: each season's mean is taken out first.
    series = data.draw(st.lists(small, min_size=4 * years, max_size=4 * years))
    plain = Fraction(0)
    for season in range(4):
        values = series[season::4]
        mean = Fraction(sum(values), years)
        plain += sum((value - mean) ** 2 / mean for value in values) if mean else 0
    assert phi(series, seasons=4) == plain / (len(series) - 4)


@settings(deadline=None)
@given(
    small, small, small, small, st.fractions(0, 9, max_denominator=97), st.just(ONE) | nulls
)  # fmt: skip
def test_the_careful_p_value_is_the_larger_of_the_two(
    before: int, after: int, other_before: int, other_after: int, spread: Fraction, null: Fraction
) -> None:
    # O3: also where the rough look alone decides.
    counts = Counts(before, after, other_before, other_after, 36, 12)
    assert careful_p_value(counts, spread=spread, null=null) == max(
        p_value(counts, null=null), spread_p_value(counts, spread=max(ONE, spread), null=null)
    )


@given(
    st.dictionaries(
        st.sampled_from(["before", "after", "other_before", "other_after"]),
        st.dictionaries(areas, readings, min_size=1, max_size=3),
    ),
    st.dictionaries(st.sampled_from(["agreement", "terms"]), areas),
    areas,
)
def test_frozen_bytes_are_the_canonical_form_of_what_they_say(
    slots: dict[str, dict[str, list[tuple[int, int]]]], facts: dict[str, object], owner: str
) -> None:
    look, plain = Look(), {}
    for slot, by_area in slots.items():
        for area, values in by_area.items():
            rows = [
                (plus_months(date(2021, 1, 1), step).isoformat(), value, revision)
                for step, (value, revision) in enumerate(values)
            ]
            look.slots.setdefault(slot, []).append(seen_of(area, rows))
            if rows:
                plain.setdefault(slot, {})[area] = [list(row) for row in rows]
    whole = {"facts": facts, "owner": owner, "readings": plain, "v": 1}
    text = json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    assert frozen_bytes(owner, look, facts) == text.encode("ascii")
