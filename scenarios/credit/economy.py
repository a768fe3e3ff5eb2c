"""The economy of every scenario with credit on an event tree: markets, households, auctions.

After Iraola and Torres-Martinez (SDT 364, 2012), section 2; the model, its symbols and the errata
are in this folder's README.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from agents.credit.auction import CallAuction
from agents.credit.clearing_house import CreditPool
from agents.credit.households import Households
from agents.credit.mixing import Mixer, Mixing
from agents.credit.plan import Plan
from markets.adjustment.rule import Adjuster, Adjustment
from markets.credit.book import CreditBook
from markets.credit.market import CreditMarket
from markets.credit.quotes import CreditQuotes
from markets.market import Start
from markets.quote import FloatArray
from markets.variable import Variable
from scenarios.credit.parameters import CreditTree
from scenarios.credit.primitives import CreditEconomy, wealth
from simulator.codebook import Columns
from simulator.economy import Economy
from simulator.knowledge import Knowledge

LEAST_LIKED = 1e-3
"""Summed relative weights of a good that count at least, so that starting prices are positive."""


class AuctionedEconomy(Economy[bool, CreditQuotes, CreditBook]):
    """An economy in which call auctions are held between rounds.

    Parameters
    ----------
    market, adjuster, rng, start
        As in :class:`simulator.economy.Economy`.
    auction : CallAuction, optional
        When auctions are called; None for never.
    mixing : Mixing, optional
        When everybody takes an average of past rounds; None for never.

    Attributes
    ----------
    auction_steps : int
        Steps of all auctions at this date; they are not rounds.
    auction_move : float
        Largest distance, in coordinates, by which an auction moved a quote at this date.
    averages : int
        Averages of past rounds that were taken and kept.
    """

    market: CreditMarket

    def __init__(
        self,
        market: CreditMarket,
        *,
        adjuster: Adjuster | None = None,
        rng: int | np.random.Generator = 0,
        start: Start = "primitives",
        auction: CallAuction | None = None,
        mixing: Mixing | None = None,
    ) -> None:
        super().__init__(market, adjuster=adjuster, rng=rng, start=start)
        self.auction, self.auction_steps, self.auction_move = auction, 0, 0.0
        self._mixer = None if mixing is None else Mixer(mixing)

    @property
    def averages(self) -> int:
        """Averages of past rounds that were taken and kept at this date."""
        return 0 if self._mixer is None else self._mixer.kept

    def between_rounds(self) -> None:
        """Take an average of past rounds or hold an auction, if one is due."""
        if not self.running:
            return
        before, house = self.adjustment, self.house
        assert before is not None
        assert isinstance(house, CreditPool)
        traders = [cohort for cohort in self.cohorts if isinstance(cohort, Households)]
        if self.auction is not None and self.auction.due(self.round):
            self._hold_auction(self.auction, before, house, traders)
        if self._mixer is not None and self.adjustment is before:
            self.adjustment = self._mixer.after(before, traders)
        if self.averages and self.knew is Knowledge.EXCESS_DEMAND:
            self.knew = Knowledge.PAST_ROUNDS

    def _hold_auction(
        self,
        auction: CallAuction,
        before: Adjustment,
        house: CreditPool,
        bidders: Sequence[Households],
    ) -> None:
        """Hold an auction, and a patient one if it is given up; rounds go on from the quotes."""
        market, terms = self.market, self.terms
        quotes: FloatArray | None = None
        for patient in (False, True):
            quotes, steps = auction.hold(market, bidders, house, before.coordinates, terms, patient)
            self.auction_steps += steps
            if quotes is not None:
                break
        if quotes is not None:
            self.knew = Knowledge.SCHEDULES
            self.terms = False  # cautious borrowers have shown what empty pools deliver
            self.adjustment = self.adjuster.start(quotes, before.limits)
            move = float(np.max(np.abs(quotes - before.coordinates)))
            self.auction_move = max(self.auction_move, move)
            if self._mixer is not None:
                self._mixer.forget(bidders)

    def announce(self, **terms: object) -> None:
        """Begin a date, with no auction held yet."""
        super().announce(**terms)
        self.auction_steps, self.auction_move = 0, 0.0
        if self._mixer is not None:
            self._mixer.forget([c for c in self.cohorts if isinstance(c, Households)])
            self._mixer.kept = 0

    @property
    def columns(self) -> Columns:
        """What the parts declare, and the steps of auctions."""
        auction = Variable("auction", "steps", "steps of auctions so far")
        return replace(super().columns, accounts=(*super().columns.accounts, auction))

    def accounts(self) -> dict[str, float]:
        """The accounts of the pools, and the steps of auctions so far."""
        return {**super().accounts(), "auction": self.auction_steps}


def build(
    economy: CreditEconomy, parameters: CreditTree, rng: np.random.Generator
) -> AuctionedEconomy:
    """Make the economy with its market, its households and its clearing house."""
    market = CreditMarket(economy.tree, economy.contracts, starting_prices(economy))
    mixing = _mixing(parameters)
    model = AuctionedEconomy(
        market,
        adjuster=parameters.adjuster(market.pace),
        rng=rng,
        start=parameters.start,
        auction=_auction(parameters),
        mixing=mixing,
    )
    plan = Plan(market)
    Households(
        model,
        "households",
        plan,
        households=[household.name for household in economy.households],
        endowment=np.array([h.endowment for h in economy.households], dtype=np.float64),
        weights=np.array([h.weights for h in economy.households], dtype=np.float64),
        aversion=np.array([h.risk_aversion for h in economy.households], dtype=np.float64),
        inertia=parameters.inertia,
    )
    CreditPool(model, plan, tremble=parameters.pools == "trusted")
    return model


def starting_prices(economy: CreditEconomy) -> FloatArray:
    """Prices that would clear goods if nothing lasted and utility were logarithmic, (D, L).

    Each household spends on every good in proportion to its weight; prices are in units of the
    first good, which somebody must like at every node.
    """
    weights = np.array([h.weights for h in economy.households], dtype=np.float64)
    shares = weights / np.max(weights, axis=(1, 2), keepdims=True)
    liked = np.maximum(np.sum(shares, axis=0), LEAST_LIKED)
    supply = np.sum(wealth(economy), axis=0)
    prices = liked / supply
    return np.asarray(prices / prices[:, :1])


def _mixing(parameters: CreditTree) -> Mixing | None:
    """How past rounds are averaged: where quotes follow excess demand, the rule's only memory."""
    if parameters.memory == 0 or parameters.rule != "extrapolated":
        return None
    return Mixing(parameters.memory)


def _auction(parameters: CreditTree) -> CallAuction | None:
    """The auction, unless it is not wanted.

    In an auction everybody borrows a little for the sake of caution, and holders see what such a
    borrower delivers; that would end any distrust of an empty pool.
    """
    if parameters.auction_after == 0 or parameters.pools == "distrusted":
        return None
    return CallAuction(parameters.auction_after)
