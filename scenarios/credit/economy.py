"""The economy of every scenario with credit on an event tree: markets, households, auctions.

After Iraola and Torres-Martinez (SDT 364, 2012), section 2; the model, its symbols and the errata
are in this folder's README.
"""

from __future__ import annotations

import numpy as np

from agents.credit.auction import CallAuction
from agents.credit.clearing_house import CreditPool
from agents.credit.households import Households
from agents.credit.plan import Plan
from markets.adjustment.rule import Adjuster
from markets.credit.book import CreditBook
from markets.credit.market import CreditMarket
from markets.credit.quotes import CreditQuotes
from markets.market import Start
from markets.quote import FloatArray
from scenarios.credit.parameters import CreditTree
from scenarios.credit.primitives import CreditEconomy, wealth
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

    Attributes
    ----------
    auction_steps : int
        Steps of all auctions at this date; they are not rounds.
    auction_move : float
        Largest distance, in coordinates, by which an auction moved a quote at this date.
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
    ) -> None:
        super().__init__(market, adjuster=adjuster, rng=rng, start=start)
        self.auction, self.auction_steps, self.auction_move = auction, 0, 0.0

    def between_rounds(self) -> None:
        """Hold an auction if one is due; rounds go on from the quotes that it finds."""
        if self.auction is None or not self.running or not self.auction.due(self.round):
            return
        before, house = self.adjustment, self.house
        assert before is not None
        assert isinstance(house, CreditPool)
        bidders = [cohort for cohort in self.cohorts if isinstance(cohort, Households)]
        quotes, steps = self.auction.hold(
            self.market, bidders, house, before.coordinates, self.terms
        )
        self.auction_steps += steps
        if quotes is not None:
            self.knew = Knowledge.SCHEDULES
            self.adjustment = self.adjuster.start(quotes, before.limits)
            move = float(np.max(np.abs(quotes - before.coordinates)))
            self.auction_move = max(self.auction_move, move)

    def announce(self, **terms: object) -> None:
        """Begin a date, with no auction held yet."""
        super().announce(**terms)
        self.auction_steps, self.auction_move = 0, 0.0

    def accounts(self) -> dict[str, float]:
        """The accounts of the pools, and the steps of auctions so far."""
        return {**super().accounts(), "auction": self.auction_steps}


def build(
    economy: CreditEconomy, parameters: CreditTree, rng: np.random.Generator
) -> AuctionedEconomy:
    """Make the economy with its market, its households and its clearing house."""
    market = CreditMarket(economy.tree, economy.contracts, starting_prices(economy))
    model = AuctionedEconomy(
        market,
        adjuster=parameters.adjuster(market.pace),
        rng=rng,
        start=parameters.start,
        auction=_auction(parameters),
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


def _auction(parameters: CreditTree) -> CallAuction | None:
    """The auction, unless it is not wanted.

    In an auction everybody borrows a little for the sake of caution, and holders see what such a
    borrower delivers; that would end any distrust of an empty pool.
    """
    if parameters.auction_after == 0 or parameters.pools == "distrusted":
        return None
    return CallAuction(parameters.auction_after)
