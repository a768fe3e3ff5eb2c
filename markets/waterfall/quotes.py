r"""Terms, quotes and book of a clearing house that can lose."""

from __future__ import annotations

from dataclasses import dataclass

from markets.quote import FloatArray


@dataclass(frozen=True, slots=True)
class WaterfallTerms:
    """What is known before the rounds of a date; K securities.

    Attributes
    ----------
    before : array of shape (K,)
        Settlement prices of the date before, from which variation margin is paid.
    value : array of shape (K,)
        v, what each security is worth after the news: its price if nobody has to sell.
    margin : array of shape (K,)
        Initial margin on a position of one, long or short, cash.
    fund : float
        Default fund that all members together must hold, cash.
    capital : float
        The house's own capital that stands before members' contributions, cash.
    """

    before: FloatArray
    value: FloatArray
    margin: FloatArray
    fund: float
    capital: float


@dataclass(frozen=True, slots=True)
class WaterfallQuotes:
    """What the markets post in a round; K securities, n members with bilateral debts (or none).

    Attributes
    ----------
    terms : WaterfallTerms
        What was known before.
    securities : tuple of str
        Names of the securities.
    price : array of shape (K,)
        Price of each security.
    gains_paid : float
        Share of variation margin on gains that the house pays, in [0, 1].
    assessed : float
        Share of the cap on assessments that the house calls, in [0, 1].
    repaid : array of shape (n,)
        Share of what it owes that each member pays, in [0, 1]; empty without bilateral debts.
    """

    terms: WaterfallTerms
    securities: tuple[str, ...]
    price: FloatArray
    gains_paid: float
    assessed: float
    repaid: FloatArray


@dataclass(frozen=True, slots=True)
class WaterfallBook:
    """What members and investors do at the posted quotes, and the sum of it over cohorts.

    Attributes
    ----------
    closed : array of shape (K,)
        Positions of those who default; below zero where a short position is bought back.
    sold : array of shape (K,)
        These, and securities of their own that members sell to meet calls.
    appetite : array of shape (K,)
        What those who buy would buy more of each security if its log price fell by one.
    open_interest : array of shape (K,)
        Long positions, and securities owned.
    gains, losses, losses_paid : float
        Variation margin owed to winners, owed by losers, and paid by them.
    due, paid : float
        All that members owe the house at this date, and what they pay of it.
    own_margin, own_fund : float
        Unpaid losses of defaulters that their own initial margin, and contributions, cover.
    uncovered : float
        Losses of defaulters beyond their own margin and fund contributions.
    fund : float
        Fund contributions of members who survive.
    assessable : float
        What members would pay if the cap on assessments were called in full and they paid as now.
    repaid : array of shape (n,)
        Share of what it owes that each member can pay.
    defaulted : float
        Number of members who default at this date.
    alive : float
        Number of members who don't.
    """

    closed: FloatArray
    sold: FloatArray
    appetite: FloatArray
    open_interest: FloatArray
    gains: float
    losses: float
    losses_paid: float
    due: float
    paid: float
    own_margin: float
    own_fund: float
    uncovered: float
    fund: float
    assessable: float
    repaid: FloatArray
    defaulted: float
    alive: float
