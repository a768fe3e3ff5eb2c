r"""A call auction: traders hand in schedules, and all quotes move to where the schedules cross.

In a round every trader answers posted quotes, and quotes follow excess demand. That is slow where
many different traders are nearly indifferent: excess demand says which way to go, not how far. In
a call auction traders say more. Each reports what it would hold and how that would change with
every quote, and, for a while, holds a little of everything for the sake of caution :math:`\mu`
(:mod:`agents.credit.interior`). With the summed schedules the markets move by Newton's rule,

.. math:: (Z'(u) - \delta I)\, \Delta u = - z(u),

every trader moves along, all by the same share of the step so that no plan reaches its bounds,
and caution is lowered until it is gone. Quotes with free disposal, those of securities, are kept
positive in the same way: :math:`z_j + w_j = 0`, :math:`u_j w_j = \mu`.

1. Traders hand in schedules, the house adds them up.
2. Without caution, how far would the step go? That sets how much caution is kept (Mehrotra).
3. Take the step, short of every bound, shorter if some product would fall far behind the others.
4. Rigidity :math:`\delta` grows after short steps and falls after long ones: where the slope says
   nothing, quotes follow excess demand as in a round.

An auction proves nothing. It returns quotes and plans, and the rounds go on from there; they settle
at once if nobody wants to move.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from agents.credit.interior import Interior
from markets.credit.quotes import NearbyQuotes
from markets.quote import BoolArray, FloatArray

LEAST_CAUTION = 1e-15
"""Caution, as a share of wealth, that is none."""

LITTLE_CAUTION = 1e-12
"""Caution, as a share of wealth, from which on what is found is good enough for rounds to settle;
it is lowered further while the numbers allow it."""

ERROR = 1e-10
"""Largest violation of a condition, on scales of one, at the end of an auction."""

LEAST_KEPT = 1e-3
"""Share of caution that is kept at least in a step."""

KEPT_WITH_ERROR = 3e-3
"""Caution that is kept, as a share of the largest violation of a condition: without caution left,
steps that are to mend it would be short."""

MARGIN = (5e-3, 0.1)
"""Least and largest share of the way to a bound that is left; in between it is the caution."""

LAGGARD = 1e-2
"""A product may fall behind the average of all to this share of it."""

OWN_STEPS = 40
"""Steps in which every member at first finds its own cautious plan, while quotes stand."""

SHORT, LONG = 0.1, 0.5
"""Shares of a step that count as short and as long."""

GROWTH = 8.0
"""How much rigidity grows after a short step and falls after a long one."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """What a cohort hands in at some quotes, added up over its members.

    Attributes
    ----------
    plan : array (size,)
        Sum of the plans.
    goods : array (D, L)
        Consumption less endowment and what is left of earlier consumption.
    answers : array (size, 2 + n)
        How the sum of plans changes by itself, for a unit of caution, and with each of n quotes.
    """

    plan: FloatArray
    goods: FloatArray
    answers: FloatArray


@dataclass(frozen=True, slots=True)
class Tally:
    """Summed schedules at some quotes.

    Attributes
    ----------
    imbalance : array (n,)
        z: excess demands and expectation errors, linear in what traders hold.
    answers : array (n, 2 + n)
        How it changes by itself, for a unit of caution, and with each quote.
    """

    imbalance: FloatArray
    answers: FloatArray


class Bidder(Protocol):
    """A cohort that can hand in schedules."""

    members: int

    def enter(self, depth: float, patient: bool) -> Interior:
        """The plans held, moved inside their bounds by ``depth``."""
        ...

    def schedule(self, nearby: NearbyQuotes) -> Schedule:
        """Schedules at some quotes, added up over the members."""
        ...

    def leave(self) -> None:
        """Hold the plans that the auction found."""
        ...


class Auctioneer(Protocol):
    """A clearing house that adds up schedules."""

    def tally(self, nearby: NearbyQuotes, schedules: Sequence[Schedule]) -> Tally:
        """Summed schedules, and how the imbalance of every market answers to them."""
        ...


class AuctionMarket(Protocol):
    """Markets whose quotes can be found by auction."""

    disposable: BoolArray  # quotes that are zero where nobody wants what is for sale
    prices: BoolArray  # quotes that are never negative

    def nearby(self, coordinates: FloatArray, terms: bool) -> NearbyQuotes:
        """The quotes at some coordinates and at small moves of each."""
        ...


@dataclass(frozen=True, slots=True)
class CallAuction:
    """When auctions are called, and how they begin.

    Attributes
    ----------
    first
        Round after which the first auction is called; the next ones follow each time the number
        of rounds has doubled.
    depth
        How far inside their bounds plans, slacks and quotes begin, as a share of wealth.
    rigidity
        δ to begin with, and at least after a short step.
    steps
        Steps after which an auction is given up; twice as many in a patient one.
    """

    first: int = 200
    depth: float = 0.1
    rigidity: float = 0.1
    steps: int = 80

    def due(self, rounds: int) -> bool:
        """Whether an auction is called after this many rounds."""
        times, rest = divmod(rounds, self.first)
        return rest == 0 and times > 0 and times & (times - 1) == 0

    def hold(
        self,
        market: AuctionMarket,
        bidders: Sequence[Bidder],
        house: Auctioneer,
        coordinates: FloatArray,
        terms: bool,
        patient: bool = False,
    ) -> tuple[FloatArray | None, int]:
        """Hold an auction.

        In a ``patient`` one every member first finds its cautious plan at the quotes posted, and
        caution stays as long as conditions are violated. That takes more steps, and ends where
        plans began far from their best; from others a plain one may find the way sooner.

        Returns
        -------
        array (n,) or None
            Coordinates of the quotes found, whose plans the bidders then hold; None, with nothing
            changed, if the auction was given up.
        int
            Steps taken.
        """
        with np.errstate(all="ignore"):
            book = _Book(market, bidders, house, coordinates, terms, self.depth, patient)
            rigidity, last, before = self.rigidity, 1.0, np.inf
            kept_with_error = KEPT_WITH_ERROR if patient else 0.0
            steps = (1 + patient) * self.steps
            found: FloatArray | None = None
            for step in range(steps):
                try:
                    caution, error = book.collect(rigidity)
                except np.linalg.LinAlgError:
                    return found, step
                if not np.isfinite(error):
                    return found, step
                if caution <= LITTLE_CAUTION and error <= ERROR:
                    found = book.found()
                    for bidder in bidders:
                        bidder.leave()
                over = caution <= 2.0 * LEAST_CAUTION and error > 0.5 * before
                if found is not None and (over or error > ERROR):  # rounding is all that is left
                    return found, step
                before = error
                book.aim(0.0)
                kept = max((1.0 - min(1.0, book.room())) ** 2, LEAST_KEPT)
                target = caution if last < SHORT or step == 0 else kept * caution
                book.aim(max(target, min(kept_with_error * error, self.depth), LEAST_CAUTION))
                short_of_bounds = 1.0 - float(np.clip(caution, *MARGIN))
                last = book.advance(min(1.0, short_of_bounds * book.room()))
                if last < SHORT:
                    rigidity = max(GROWTH * rigidity, self.rigidity)
                elif last > LONG:
                    rigidity /= GROWTH
        return found, steps


class _Book:
    """Quotes, slacks of disposal and everybody's plans in one auction."""

    def __init__(
        self,
        market: AuctionMarket,
        bidders: Sequence[Bidder],
        house: Auctioneer,
        coordinates: FloatArray,
        terms: bool,
        depth: float,
        patient: bool,
    ) -> None:
        self.market, self.bidders, self.house, self.terms = market, bidders, house, terms
        self.quotes = np.maximum(coordinates, depth)
        self.plans = [bidder.enter(depth, patient) for bidder in bidders]
        self.free = np.flatnonzero(market.disposable)
        self.slacks = np.full(self.free.size, depth)
        self.weight = sum(bidder.members for bidder in bidders)
        for _ in range(OWN_STEPS if patient else 0):
            nearby = market.nearby(self.quotes, terms)
            for bidder, plans in zip(bidders, self.plans, strict=True):
                bidder.schedule(nearby)
                plans.collect_itself(self.quotes.size, depth)
            if max(plans.error for plans in self.plans) <= depth:
                break

    def collect(self, rigidity: float) -> tuple[float, float]:
        """Collect schedules and solve for the quotes; the caution now, and the largest error."""
        nearby = self.market.nearby(self.quotes, self.terms)
        tally = self.house.tally(nearby, [bidder.schedule(nearby) for bidder in self.bidders])
        free, prices = self.free, self.quotes[self.free]
        slope = tally.answers[:, 2:] - rigidity * np.eye(self.quotes.size)
        slope[free, free] -= self.slacks / prices
        wanted = -np.column_stack([tally.imbalance + tally.answers[:, 0], tally.answers[:, 1]])
        wanted[free, 1] -= 1.0 / prices
        scale = np.max(np.abs(slope), axis=1, keepdims=True)
        self.answer = np.linalg.solve(slope / scale, wanted / scale)
        left = tally.imbalance.copy()
        left[free] += self.slacks
        error = max(float(np.max(np.abs(left))), *(plans.error for plans in self.plans))
        products = [plans.plans * plans.slacks for plans in self.plans]
        return self._average(products, self.slacks * prices), error

    def aim(self, caution: float) -> None:
        """Choose the step towards a caution."""
        self.move = self.answer @ np.array([1.0, caution])
        prices = self.quotes[self.free]
        self.slack_move = (caution - self.slacks * self.move[self.free]) / prices - self.slacks
        for plans in self.plans:
            plans.aim(self.move, caution)

    def room(self) -> float:
        """How often the step fits until something reaches its bound."""
        price = self.market.prices
        shrinking = np.concatenate(
            [-self.move[price] / self.quotes[price], -self.slack_move / self.slacks]
        )
        own = 1.0 / max(float(np.max(shrinking, initial=0.0)), 1e-300)
        return min(own, *(plans.room() for plans in self.plans))

    def advance(self, share: float) -> float:
        """Take at most a share of the step, such that no product falls far behind."""
        for _ in range(30):
            products = [plans.products(share) for plans in self.plans]
            prices = (self.quotes + share * self.move)[self.free]
            own = (self.slacks + share * self.slack_move) * prices
            least = min(float(np.min(own, initial=np.inf)), *(float(np.min(p)) for p in products))
            if least >= LAGGARD * self._average(products, own):
                break
            share *= 0.8
        self.quotes = self.quotes + share * self.move
        self.slacks = self.slacks + share * self.slack_move
        for plans in self.plans:
            plans.take(share)
        return share

    def found(self) -> FloatArray:
        """The quotes without caution: what lies within the error of zero is zero."""
        return np.where(np.abs(self.quotes) <= ERROR, 0.0, self.quotes)

    def _average(self, products: Sequence[FloatArray], own: FloatArray) -> float:
        """Average product; the market's own weigh as much as a member's do for every member."""
        total = sum(float(np.sum(p)) for p in products) + self.weight * float(np.sum(own))
        return total / (sum(p.size for p in products) + self.weight * own.size)
