"""Harrowmere's pledges: one that reached and was built, one that lapsed and went back, one of
hours that is being kept, and two that are open today.
"""

from __future__ import annotations

from datetime import date, time, timedelta

from ledger.demo import people
from ledger.demo.pledge_steps import NEXT_DAY, Strand, proposal_for
from ledger.demo.story import Story
from ledger.funds import service as funds
from ledger.funds.rules import OfferTerms
from ledger.pledges.rules import Deal, Plan
from ledger.pledges.service import matching


def tell(story: Story) -> None:
    """Put every pledge of the town into the agenda."""
    _pocket_park(story)
    _street_trees(story)
    _towpath_hours(story)
    _friday_nights(story)
    _lit_steps(story)
    _new_benches(story)


def _deal(sentence: str, place: str, figures: tuple[int, int, int], deadline_on: date) -> Deal:
    minimum, optimum, maximum = figures
    return Deal(
        sentence=sentence,
        description="",
        place=place,
        minimum=minimum,
        optimum=optimum,
        maximum=maximum,
        deadline_on=deadline_on,
        too_little="Nothing is owed, and whatever was paid ahead is sent back within ten days.",
        too_much="What is over goes to looking after it for the next three years.",
        undeliverable="Everybody gets back their share of what has not been spent.",
    )


def _strand(
    story: Story,
    deal: Deal,
    *,
    group: str,
    organiser: str,
    treasurer: str,
    ward: str,
    unit: str = "GBP",
) -> Strand:
    plan = Plan(
        group=story.organisations[group],
        organiser=story.people[organiser],
        broker=story.people["broker"],
        neighbourhood=story.neighbourhoods[ward],
        unit=unit,
    )
    return Strand(story, organiser, treasurer, plan, deal)


def _canal(story: Story, deal: Deal, unit: str = "GBP") -> Strand:
    return _strand(
        story,
        deal,
        group=people.CANAL_GROUP,
        organiser="organiser",
        treasurer="treasurer",
        ward="Canal Side",
        unit=unit,
    )


def _pocket_park(story: Story) -> None:
    """Reached, matched by the council, collected, held, and released in two milestones."""
    start = story.begins_on + timedelta(days=75)
    deadline = start + timedelta(days=60)
    strand = _canal(
        story,
        _deal(
            "We will turn the fly-tipped corner of Wharf Road into a pocket park if neighbours"
            " give £1,200 towards it.",
            "The corner of Wharf Road and Lock Street",
            (120_000, 180_000, 240_000),
            deadline,
        ),
    )
    _match(story, strand, start)
    strand.opens(start)
    backers = [story.people["resident"], *story.neighbours[:41]]
    gifts = [(person, 3_000 + 500 * (at % 4)) for at, person in enumerate(backers)]
    strand.joins(start + timedelta(days=4), gifts)
    settles = deadline + NEXT_DAY
    strand.settles(settles)
    for index in range(len(gifts) - 1):
        day = settles + timedelta(days=2 + index // 3)
        strand.pays(day, index, gifts[index][1], f"BANK-PARK-{index + 1:03d}")
    story.plan(settles + timedelta(days=24), lambda: strand.excuse(len(gifts) - 1))
    story.plan(settles + timedelta(days=30), strand.end_collection)
    strand.releases(settles + timedelta(days=40), "Ground cleared and levelled", 90_000)
    strand.releases(settles + timedelta(days=120), "Planting and benches in place", 60_000)
    strand.asks(story.days_ago(1), "First year of watering", 25_000)


def _match(story: Story, strand: Strand, start: date) -> None:
    terms = OfferTerms(
        pot_pence=500_000,
        rate_match=1,
        rate_gift=2,
        donor_pence_max=5_000,
        pledge_pence_max=60_000,
    )
    officer, second = story.actor("officer"), story.actor("officer2")

    def propose() -> None:
        strand.offer = story.do(
            lambda session: funds.propose_offer(
                session,
                book=story.book,
                title="Fifty pence from the council for every pound given",
                donor=story.organisations[people.COUNCIL],
                terms=terms,
                actor=officer,
                now=story.now,
            )
        )
        proposal = story.do(lambda session: proposal_for(session, strand.offer))
        story.decide(proposal, "verify", "officer2", "The budget line has room for it.")
        story.decide(proposal, "approve", "head", "Agreed: it draws out what residents can give.")

    def fund() -> None:
        story.do(
            lambda session: funds.approve_offer(
                session,
                offer=strand.offer,
                decision_reference="HBC/DD/0117",
                actor=officer,
                now=story.now,
            )
        )
        story.do(
            lambda session: funds.fund_offer(
                session,
                offer=strand.offer,
                receipt_reference="BACS-0117",
                actor=second,
                now=story.now,
            )
        )

    def take() -> None:
        story.do(
            lambda session: matching.take_offer(
                session, pledge=strand.pledge, offer=strand.offer, actor=officer, now=story.now
            )
        )

    story.plan(start - timedelta(days=20), propose)
    story.plan(start - timedelta(days=6), fund)
    story.plan(start + timedelta(days=2), take)


def _street_trees(story: Story) -> None:
    """Too little came by the deadline; who had paid ahead was paid back."""
    start = story.begins_on + timedelta(days=400)
    deadline = start + timedelta(days=45)
    deal = _deal(
        "We will plant thirty street trees on Mill Lane if neighbours give £6,000.",
        "Mill Lane, from the library to the bridge",
        (600_000, 600_000, 800_000),
        deadline,
    )
    strand = _strand(
        story,
        deal,
        group=people.MILL_GROUP,
        organiser="organiser.mill",
        treasurer="treasurer.mill",
        ward="Mill Lane",
    )
    strand.opens(start)
    backers = story.neighbours[20:46]
    gifts = [(person, 5_000 + 1_000 * (at % 4)) for at, person in enumerate(backers)]
    strand.joins(start + timedelta(days=3), gifts)
    for index in (1, 4, 9):
        strand.pays(
            start + timedelta(days=33), index, gifts[index][1], f"BANK-TREE-{index + 1:03d}"
        )
    strand.settles(deadline + NEXT_DAY, at=time(4))
    story.plan(deadline + timedelta(days=4), strand.refunds)


def _towpath_hours(story: Story) -> None:
    """A pledge of hours that reached and is being kept, Saturday by Saturday."""
    start = story.days_ago(150)
    deadline = start + timedelta(days=40)
    strand = _canal(
        story,
        _deal(
            "We will walk the towpath every Saturday morning if neighbours give 50 hours.",
            "The towpath between the locks",
            (3_000, 6_000, 12_000),
            deadline,
        ),
        "HOUR",
    )
    strand.opens(start)
    walkers = [story.people["resident"], *story.neighbours[5:16]]
    strand.joins(
        start + timedelta(days=2),
        [(person, 240 + 60 * (at % 3)) for at, person in enumerate(walkers)],
        days_between=2,
    )
    strand.settles(deadline + NEXT_DAY)
    for index in range(8):
        strand.gives_hours(
            deadline + timedelta(days=7 + 7 * (index % 4)), index, 120 + 30 * (index % 3)
        )


def _friday_nights(story: Story) -> None:
    """Hours, open today, two fifths of the way."""
    start = story.days_ago(24)
    deal = _deal(
        "We will open the youth centre on Friday nights if 120 hours are promised.",
        "Station Quarter Youth Centre",
        (7_200, 9_600, 18_000),
        story.today + timedelta(days=38),
    )
    strand = _strand(
        story,
        deal,
        group=people.STATION_GROUP,
        organiser="organiser.station",
        treasurer="treasurer.station",
        ward="Station Quarter",
        unit="HOUR",
    )
    strand.opens(start)
    strand.joins(start + timedelta(days=2), [(one, 240) for one in story.neighbours[50:62]])


def _lit_steps(story: Story) -> None:
    """Pounds, open today and £20 short: the next neighbour brings it home."""
    start = story.days_ago(19)
    strand = _canal(
        story,
        _deal(
            "We will light the steps down to the locks if neighbours give £500.",
            "The steps at Lock Street",
            (50_000, 60_000, 90_000),
            story.today + timedelta(days=21),
        ),
    )
    strand.opens(start)
    strand.joins(start + timedelta(days=2), [(one, 3_000) for one in story.neighbours[30:46]])


def _new_benches(story: Story) -> None:
    """Sent in yesterday: it waits for somebody of the council to read it."""
    strand = _strand(
        story,
        _deal(
            "We will put three benches along Mill Lane if neighbours give £900.",
            "Mill Lane, by the library and at both bus stops",
            (90_000, 90_000, 120_000),
            story.today + timedelta(days=60),
        ),
        group=people.MILL_GROUP,
        organiser="organiser.mill",
        treasurer="treasurer.mill",
        ward="Mill Lane",
    )
    strand.submits(story.days_ago(1))
