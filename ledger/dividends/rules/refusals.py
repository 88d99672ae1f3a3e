"""What dividends refuse, in people's words."""

from __future__ import annotations

from ledger.kernel.errors import Conflict, Forbidden, Invalid


class Incomplete(Invalid):
    """D1: a part of the sentence is missing, or cannot be used."""

    code = "dividends.incomplete"
    title = "The agreement is not complete"


class BadComparator(Invalid):
    """D3: an area that cannot be compared with."""

    code = "dividends.bad_comparator"
    title = "That area cannot be a comparator"


class LongOdds(Invalid):
    """D4: the deal has less than an even chance to pay for a true fall."""

    code = "dividends.long_odds"
    title = "This deal could hardly ever pay"


class ClaimedAlready(Conflict):
    """D5: another agreement claims the same saving."""

    code = "dividends.claimed_already"
    title = "That saving is claimed already"


class NotFunded(Conflict):
    """D6: the money to reserve has not come in."""

    code = "dividends.not_funded"
    title = "The money is not there yet"


class WrongState(Conflict):
    """The agreement or determination is not at that step."""

    code = "dividends.wrong_state"
    title = "It is not at that step"


class NotAParty(Forbidden):
    """Only the parties sign."""

    code = "dividends.not_a_party"
    title = "You do not act for a party to this agreement"


class TermsChanged(Conflict):
    """D2: what was shown is not what is stored."""

    code = "dividends.terms_changed"
    title = "These are not the terms you were shown"


class Gains(Forbidden):
    """D13: this person's group would be paid."""

    code = "dividends.gains"
    title = "You may not do this for your own group"
