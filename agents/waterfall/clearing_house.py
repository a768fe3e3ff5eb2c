r"""A clearing house with margin, a default fund and capital, which passes losses on layer by layer.

At each date it marks positions to market. Losses of members who can't pay are borne, in this
order, by their own initial margin and fund contribution, the house's capital, the contributions
of survivors, assessments on them up to a cap, and a cut of the gains that it owes. The fund covers
the one or two members (``cover``) who would lose most beyond their margin in the worst of some
stress scenarios.

Source: CPMI-IOSCO, Principles for financial market infrastructures (2012), principle 4 (cover one
and cover two) and 6 (initial margin).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace

import mesa
import numpy as np

from agents.clearing_house import ClearingHouse
from agents.waterfall.members import Closed, Members
from markets.margin import MarginRule, PostedMargin
from markets.quote import FloatArray
from markets.refused import Refused
from markets.variable import Variable
from markets.waterfall.market import layers
from markets.waterfall.quotes import WaterfallBook, WaterfallQuotes, WaterfallTerms


@dataclass(frozen=True, slots=True)
class WaterfallSettlement:
    """Who bears the losses of a round, and the house's accounts, cash.

    Attributes
    ----------
    calls, calls_paid : float
        Due to the house, and paid.
    losses : float
        Variation margin that losers owe; as much as winners are owed.
    own_margin_used, own_fund_used : float
        Unpaid losses that defaulters' own initial margin, and fund contributions, cover.
    capital_used, fund_used, assessments_used, gains_cut : float
        Unpaid losses that the house's capital, survivors' contributions, assessments on them and
        cuts of gains bear.
    capital_left : float
        The house's capital after that.
    defaulted, alive : float
        Members who default at this date, and who don't.
    balance : float
        Variation margin received and borne by layers minus what is owed to winners; zero.
    """

    calls: float
    calls_paid: float
    losses: float
    own_margin_used: float
    own_fund_used: float
    capital_used: float
    fund_used: float
    assessments_used: float
    gains_cut: float
    capital_left: float
    defaulted: float
    alive: float
    balance: float

    def accounts(self) -> dict[str, float]:
        """The numbers by name, for the record of rounds."""
        return {field.name: float(getattr(self, field.name)) for field in fields(self)}


class WaterfallHouse(
    ClearingHouse[WaterfallTerms, WaterfallQuotes, WaterfallBook, WaterfallBook, Closed]
):
    """The clearing house.

    Parameters
    ----------
    model : mesa.Model
        The economy.
    members : Members
        Its members, whose positions it knows.
    before : array of shape (K,)
        Settlement prices before the first date.
    margins : sequence of MarginRule
        The rule for each security, asked once per date at the last settlement price.
    stress : array of shape (scenarios, K)
        Relative moves of the prices for which the fund is sized.
    capital : float
        Own capital that stands before members' contributions.
    cover : int
        Number of members whose largest losses the fund covers.
    resized : bool
        Whether the fund is sized anew at every date, or at the first only.
    history : sequence of array, optional
        Closing prices of each security before the first date, for rules that read returns.
    path : array of shape (dates, K), optional
        What securities are worth at each date, where nothing else is announced; later dates are
        like the last.

    Attributes
    ----------
    value : array of shape (K,), optional
        What securities are worth from now on; announce ``value=...``. Until then ``path`` says.

    Raises
    ------
    Refused
        If capital or cover is negative.
    """

    variables = (
        Variable("calls", "cash", "due to the house"),
        Variable("calls_paid", "cash", "paid to the house"),
        Variable("losses", "cash", "variation margin owed by losers, as much as winners are owed"),
        Variable(
            "own_margin_used", "cash", "unpaid losses covered by defaulters' own initial margin"
        ),
        Variable("own_fund_used", "cash", "unpaid losses covered by defaulters' own contributions"),
        Variable("capital_used", "cash", "unpaid losses borne by the house's capital"),
        Variable("fund_used", "cash", "unpaid losses borne by survivors' contributions"),
        Variable("assessments_used", "cash", "unpaid losses borne by assessments on survivors"),
        Variable("gains_cut", "cash", "unpaid losses borne by a cut of gains"),
        Variable("capital_left", "cash", "the house's capital after that"),
        Variable("defaulted", "members", "members who default at this date"),
        Variable("alive", "members", "members who have not defaulted"),
        Variable("balance", "cash", "received and borne by layers minus owed to winners; zero"),
    )

    def __init__(
        self,
        model: mesa.Model,
        members: Members,
        before: FloatArray,
        margins: Sequence[MarginRule],
        *,
        stress: FloatArray,
        capital: float = 0.0,
        cover: int = 2,
        resized: bool = True,
        history: Sequence[FloatArray] | None = None,
        path: FloatArray | None = None,
    ) -> None:
        super().__init__(model)
        if not capital >= 0.0 or cover < 0:
            raise Refused(f"capital is {capital} and cover {cover}; both must be at least 0")
        self.members, self.margins = members, tuple(margins)
        self.before = np.asarray(before, dtype=np.float64)
        self.value: FloatArray | None = None
        self.path = self.before[None, :] if path is None else np.asarray(path, dtype=np.float64)
        self.stress = np.atleast_2d(np.asarray(stress, dtype=np.float64))
        self.capital, self.cover, self.resized = capital, cover, resized
        self.history = history
        self.posted: tuple[PostedMargin, ...] = ()
        self._fund: float | None = None

    def carry(self, posted: WaterfallQuotes, book: WaterfallBook) -> None:
        """Close the date: settlement prices for the next, and what is left of the capital."""
        self.before = posted.price
        self.capital -= layers(posted, book).absorb(book.uncovered).capital

    def charge(self, quotes: Mapping[str, float]) -> WaterfallTerms:
        """Margin, fund and capital of this date, at the last settlement prices.

        Raises
        ------
        Refused
            If what a security is worth is not positive.
        """
        value = self.path[min(self.date, len(self.path)) - 1] if self.value is None else self.value
        value = np.asarray(value, dtype=np.float64)
        if value.shape != self.before.shape or not np.all(value > 0.0):
            raise Refused(
                f"value is {value.tolist()}; each of {self.before.size} securities must be worth"
                " more than 0"
            )
        prices = self.before.tolist()
        if not self.posted:
            past = [None] * len(prices) if self.history is None else self.history
            self.posted = tuple(
                PostedMargin.opened(rule, price, history, every_round=False)
                for rule, price, history in zip(self.margins, prices, past, strict=True)
            )
        elif self.after_another:
            self.posted = tuple(
                posted.closed_at(price) for posted, price in zip(self.posted, prices, strict=True)
            )
        self.posted = tuple(
            replace(posted, rule=rule)
            for posted, rule in zip(self.posted, self.margins, strict=True)
        )
        margin = np.array(
            [posted.margin(price) for posted, price in zip(self.posted, prices, strict=True)]
        )
        if self._fund is None or self.resized:
            self._fund = self.fund(margin)
        return WaterfallTerms(self.before, value, margin, self._fund, self.capital)

    def fund(self, margin: FloatArray) -> float:
        """Largest sum, over stress scenarios, of the ``cover`` largest losses beyond margin."""
        losses = self.members.losses_under(self.stress * self.before, margin)
        most = min(self.cover, losses.shape[1])
        if most == 0 or losses.size == 0:
            return 0.0
        return float(np.sort(losses, axis=1)[:, -most:].sum(axis=1).max())

    def settle(self, posted: WaterfallQuotes, book: WaterfallBook) -> WaterfallSettlement:
        """Let layers bear what defaulters leave unpaid, and draw up the accounts."""
        borne = layers(posted, book).absorb(book.uncovered)
        own = (book.own_margin, book.own_fund)
        received = math.fsum([book.losses_paid, *own, borne.total])
        return WaterfallSettlement(
            calls=book.due,
            calls_paid=book.paid,
            losses=book.losses,
            own_margin_used=book.own_margin,
            own_fund_used=book.own_fund,
            capital_used=borne.capital,
            fund_used=borne.fund,
            assessments_used=borne.assessments,
            gains_cut=borne.gains,
            capital_left=self.capital - borne.capital,
            defaulted=book.defaulted,
            alive=book.alive,
            balance=received - book.gains,
        )

    def place(self, posted: WaterfallQuotes, book: WaterfallBook) -> Closed:
        """How much of what is sold falls on each buyer, and what is used of the fund."""
        borne = layers(posted, book).absorb(book.uncovered)
        taken, bought = (
            np.divide(part, book.appetite, out=np.zeros_like(part), where=book.appetite > 0.0)
            for part in (book.closed, book.sold - book.closed)
        )
        return Closed(taken, bought, borne.fund / book.fund if book.fund > 0.0 else 0.0)
