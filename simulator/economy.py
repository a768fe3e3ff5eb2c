"""An economy: markets, cohorts and a clearing house, in rounds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import mesa
import numpy as np

from agents.clearing_house import ClearingHouse
from agents.cohort import Cohort
from agents.credit.auction import CallAuction
from markets.adjustment.rule import Adjuster, Adjustment
from markets.adjustment.safeguarded import SafeguardedTatonnement
from markets.quote import (
    Excess,
    FloatArray,
    Limits,
    Quote,
)
from simulator.outcome import Outcome
from simulator.record import Record

MAX_ROUNDS = 1_000
"""Rounds at one date before the run gives up."""

POLISH_STEPS = 10
"""Steps of the rule that polishes a resting point; they are not rounds and are marked as such."""

CYCLE_LOOKBACK = 40
"""Rounds in which a run that did not settle is searched for a cycle."""


class Market(Protocol):
    """What a round asks of the markets of an economy."""

    quotes: tuple[Quote, ...]
    excess_names: tuple[str, ...]  # one a coordinate

    def open(self, cohorts: Sequence[Any]) -> None:
        """Learn who trades."""
        ...

    def first_quotes(self) -> dict[str, float]:
        """Starting quotes, from the primitives alone; asked for after ``open``."""
        ...

    def limits(self, terms: Any) -> Limits:
        """The box of the coordinates."""
        ...

    def locate(self, quotes: dict[str, float], terms: Any) -> FloatArray:
        """Coordinates of some quotes."""
        ...

    def post(self, coordinates: FloatArray, terms: Any, moved: FloatArray) -> Any:
        """The quotes to show to everybody."""
        ...

    def named(self, posted: Any) -> dict[str, float]:
        """The quotes by name."""
        ...

    def excess(self, posted: Any, book: Any) -> Excess:
        """How far every market is from clearing."""
        ...

    def depth(self, posted: Any, book: Any, coordinates: FloatArray) -> FloatArray | None:
        """What the markets know of their own slope."""
        ...


class Economy(mesa.Model):
    """A Mesa model whose step is one round of trading.

    Cohorts and the clearing house are Mesa agents that register themselves; markets are given.

    Parameters
    ----------
    market : Market
        The markets, which move their quotes together.
    adjuster : Adjuster, optional
        The rule that moves the quotes; :class:`SafeguardedTatonnement` unless given.
    rng : int or numpy.random.Generator
        The one source of randomness, used only where a scenario says so.
    first_quotes : dict, optional
        Quotes to start from instead of the market's own.
    polish : Adjuster, optional
        Another rule, with tighter tolerances, that takes over where the rounds have cleared.
    auction : CallAuction, optional
        Where all quotes are sought at once when rounds take long; cohorts, market and clearing
        house must be able to take part.

    Attributes
    ----------
    auction_steps : int
        Steps of all auctions at this date; they are not rounds.
    auction_move : float
        Largest distance, in coordinates, by which an auction moved a quote at this date.

    Examples
    --------
    >>> from agents import RepoClearingHouse, Traders
    >>> from markets import FlatMargin, RepoMarket, Security
    >>> economy = Economy(RepoMarket(Security(0.70, 1.15)), rng=7)
    >>> house = RepoClearingHouse(economy, FlatMargin(0.01))
    >>> funds = Traders(economy, "funds", beliefs="uniform", members=500, income_down=1000)
    >>> economy.clear()
    <Outcome.CLEARED: 'cleared'>
    >>> round(economy.quotes["security_price"], 2)
    0.75
    """

    def __init__(
        self,
        market: Market,
        *,
        adjuster: Adjuster | None = None,
        rng: int | np.random.Generator = 0,
        first_quotes: dict[str, float] | None = None,
        polish: Adjuster | None = None,
        auction: CallAuction | None = None,
    ) -> None:
        super().__init__(rng=rng)
        self.market = market
        self.adjuster: Adjuster = SafeguardedTatonnement() if adjuster is None else adjuster
        self.first_quotes = dict(first_quotes or {})
        self.quotes = self.first_quotes
        self.date = 1
        self.round = 0
        self.polish = polish
        self.polished = 0
        self.auction, self.auction_steps, self.auction_move = auction, 0, 0.0
        self.adjustment: Adjustment | None = None
        self.record: Record | None = None
        self.posted: Any = None
        self.book: Any = None
        self.settlement: Any = None

    # ------------------------------------------------------------------ who is there
    @property
    def house(self) -> ClearingHouse:
        """The clearing house."""
        houses = [agent for agent in self.agents if isinstance(agent, ClearingHouse)]
        if len(houses) != 1:
            raise ValueError(f"an economy has one clearing house; this one has {len(houses)}")
        return houses[0]

    @property
    def cohorts(self) -> list[Cohort]:
        """The cohorts, by name, so that the order in which they were made can't matter."""
        found = [agent for agent in self.agents if isinstance(agent, Cohort)]
        names = [cohort.name for cohort in found]
        if len(set(names)) < len(names):
            raise ValueError(f"two cohorts have one name; the names are {', '.join(sorted(names))}")
        return sorted(found, key=lambda cohort: cohort.name)

    # ------------------------------------------------------------------ rounds
    def open(self) -> None:
        """Let the market learn who is there, and start the adjustment at the quotes."""
        self._cohorts, self._house = self.cohorts, self.house
        if not self._cohorts:
            raise ValueError("an economy needs at least one cohort of traders")
        if self.record is None:
            self.market.open(self._cohorts)
            self.first_quotes = self.first_quotes or self.market.first_quotes()
            self.quotes = self.first_quotes
        self._house.wake(self.date)
        self.terms = self._house.charge(self.quotes)
        for cohort in self._cohorts:
            cohort.wake(self.date, self.terms)
        self.adjustment = self.adjuster.start(
            self.market.locate(self.quotes, self.terms), self.market.limits(self.terms)
        )
        self.running = True

    def step(self) -> None:
        """One round: post, respond, net, settle, adjust, record."""
        if self.adjustment is None:
            self.open()
        state = self._state
        posted = self.market.post(state.coordinates, self.terms, state.moved)
        orders = [cohort.respond(posted) for cohort in self._cohorts]
        book = self._house.net(orders)
        settlement = self._house.settle(posted, book)
        excess = self.market.excess(posted, book)
        depth = self.market.depth(posted, book, state.coordinates)
        adjuster = self.polish if self.polish is not None and self.polished else self.adjuster
        self.adjustment = adjuster.adjust(state, excess, depth)
        for cohort in self._cohorts:
            cohort.carry()
        self._remember(posted, book, settlement, excess)
        self.running = not self._state.settled
        if self.auction is not None and self.running and self.auction.due(self.round):
            self._hold(self.auction)

    def clear(self, max_rounds: int = MAX_ROUNDS) -> Outcome:
        """Run rounds until the markets clear, then let every trader take its position.

        Returns
        -------
        Outcome
            ``CLEARED`` if the rounds settled; whether that is an equilibrium is for the
            certificate to say.
        """
        outcome = None
        while outcome is None:
            self.step()
            outcome = self.ended(max_rounds)
        if outcome is Outcome.CLEARED:
            self._polish()
        self.rest()
        return outcome

    def ended(self, max_rounds: int = MAX_ROUNDS) -> Outcome | None:
        """How the rounds of this date ended; None while they go on."""
        if self._state.settled:
            return Outcome.CLEARED
        if self.round < max_rounds:
            return None
        return Outcome.CYCLES if self._cycles() else Outcome.OUT_OF_ROUNDS

    def rest(self) -> None:
        """Let every trader take the positions that its last orders amount to."""
        placed = self._house.place(self.posted, self.book)
        for cohort in self._cohorts:
            cohort.hold(self.posted, placed)

    def announce(self, **terms: Any) -> None:
        """Change what the clearing house charges; the next rounds start from the resting quotes.

        If nothing came to rest at the last date, they start from the first quotes again.

        Parameters
        ----------
        **terms
            Attributes of the clearing house and their new values, for instance
            ``margin=FlatMargin(0.03)``.
        """
        house = self.house
        for name, value in terms.items():
            if not hasattr(house, name):
                raise ValueError(f"the clearing house has no {name} to announce")
            setattr(house, name, value)
        if self.round > 0:
            self.date += 1
        if self.adjustment is not None and not self.adjustment.settled:
            self.quotes = self.first_quotes
        self.round = self.polished = self.auction_steps = 0
        self.auction_move = 0.0
        self.adjustment = None

    def close(self) -> None:
        """Let go of the agents; some versions of Mesa would keep the model alive otherwise."""
        self.remove_all_agents()
        ids = getattr(mesa.Agent, "_ids", None)
        if ids is not None:
            ids.pop(self, None)

    # ------------------------------------------------------------------ inner workings
    @property
    def _state(self) -> Adjustment:
        assert self.adjustment is not None
        return self.adjustment

    def _remember(self, posted: Any, book: Any, settlement: Any, excess: Excess) -> None:
        """Keep the round's state and add its row to the record."""
        self.posted, self.book, self.settlement = posted, book, settlement
        self.quotes = self.market.named(posted)
        if not self.polished:
            self.round += 1
        accounts = settlement.accounts()
        if self.record is None:
            shares = [f"{name}_share" for name in self.market.excess_names]
            self.record = Record(
                [
                    *self.quotes,
                    *self.market.excess_names,
                    *shares,
                    *accounts,
                    "share",
                    "step",
                    "polish",
                    "auction",
                ]
            )
        self.record.write(
            self.date,
            self.round,
            [
                *self.quotes.values(),
                *excess.units,
                *excess.share,
                *accounts.values(),
                self._state.share,
                self._state.step,
                self.polished,
                self.auction_steps,
            ],
        )

    def _hold(self, auction: CallAuction) -> None:
        """Hold an auction; rounds go on from the quotes that it finds."""
        before = self._state
        bidders: list[Any] = [*self._cohorts]
        market: Any = self.market
        found, steps = auction.hold(market, bidders, self._house, before.coordinates, self.terms)
        self.auction_steps += steps
        if found is not None:
            self.adjustment = self.adjuster.start(found, before.limits)
            move = float(np.max(np.abs(found - before.coordinates)))
            self.auction_move = max(self.auction_move, move)

    def _polish(self) -> None:
        """Go on from the resting point by the other rule; go back if that leads away from it."""
        if self.polish is None:
            return
        kept = ("adjustment", "posted", "book", "settlement", "quotes")
        rest = {name: getattr(self, name) for name in kept}
        share = self._state.share
        self.adjustment = self.polish.start(self._state.coordinates, self._state.limits)
        for self.polished in range(1, POLISH_STEPS + 1):
            self.step()
            if self._state.settled:
                return
        if self._state.share > share:
            for name, value in rest.items():
                setattr(self, name, value)

    def _cycles(self) -> bool:
        """Whether the last rounds repeat themselves with some period."""
        assert self.record is not None
        last = np.column_stack(
            [self.record.column(quote.name, CYCLE_LOOKBACK) for quote in self.market.quotes]
        )
        if len(last) < CYCLE_LOOKBACK:
            return False
        spread = np.ptp(last, axis=0)
        if not np.any(spread > 0.0):
            return False
        for period in range(2, CYCLE_LOOKBACK // 2 + 1):
            repeat = np.abs(last[period:] - last[:-period])
            if np.all(repeat <= 1e-3 * np.maximum(spread, 1e-300)):
                return True
        return False
