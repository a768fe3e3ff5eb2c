"""An economy: markets, cohorts and a clearing house, in rounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Generic, Never, cast

import mesa
import numpy as np
import pandas as pd
from typing_extensions import TypeVar

from agents.clearing_house import ClearingHouse, Settlement
from agents.cohort import Cohort
from markets.adjustment.rule import Adjuster, Adjustment
from markets.adjustment.safeguarded import SafeguardedTatonnement
from markets.market import Market, Start
from markets.quote import Excess, FloatArray, Limits
from markets.refused import Infeasible, Refused
from simulator.codebook import Columns
from simulator.cycle import find_cycle
from simulator.knowledge import Knowledge
from simulator.outcome import Ending, Outcome
from simulator.record import Record

MAX_ROUNDS = 1_000
"""Rounds at one date before the run gives up."""

NEAREST, FARTHEST = 1e-7, 0.05
"""Shortest and longest distance, in coordinates, over which depth is measured."""

Terms = TypeVar("Terms", covariant=True, default=object)
Quotes = TypeVar("Quotes", covariant=True, default=object)
Book = TypeVar("Book", covariant=True, default=object)

AT_LIMIT = 1e-9
"""Distance at which a coordinate counts as having run into a limit, as a share of the limit where
that is above one."""


class Economy(mesa.Model, Generic[Terms, Quotes, Book]):
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
    start : str or mapping
        Quotes to start from: ``primitives``, the market's own; ``random``, drawn from a wide range;
        or quotes by name.
    linked : bool
        Whether each date starts from what traders held where the one before came to rest, and not
        from the endowments of the first.

    Attributes
    ----------
    quotes : dict
        The quotes posted last, by name.
    date, round : int
        Date from 1, and rounds at this date.
    evaluations : int
        How often all traders were asked for orders at this date: once per round, and more often
        where the rule needs the depth of a market that does not report it.
    starts : numpy.random.Generator
        What first quotes are drawn from if they are random; ``rng`` unless replaced before the
        economy opens.
    knew : Knowledge
        The most that the rule was told at this date.
    settlement : Settlement or None
        What the clearing house accepted in the last round, and its accounts.

    Examples
    --------
    >>> from walras import Economy, FlatMargin, RepoClearingHouse, RepoMarket, Security, Traders
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
        market: Market[Terms, Quotes, Book, Never],
        *,
        adjuster: Adjuster | None = None,
        rng: int | np.random.Generator = 0,
        start: Start = "primitives",
        linked: bool = False,
    ) -> None:
        super().__init__(rng=rng)
        self.linked = linked
        self.starts = self.rng
        self.market = market
        self.adjuster: Adjuster = SafeguardedTatonnement() if adjuster is None else adjuster
        self.start = start
        self.first_quotes: dict[str, float] = {}
        self.quotes = self.first_quotes
        self.date, self.round, self.evaluations = 1, 0, 0
        self.knew = Knowledge.EXCESS_DEMAND
        self.adjustment: Adjustment | None = None
        self._rested: FloatArray | None = None
        self.record: Record | None = None
        self.settlement: Settlement | None = None
        self.infeasible = ""
        self._last: tuple[Quotes, Book] | None = None

    # ------------------------------------------------------------------ who is there
    @property
    def house(self) -> ClearingHouse[Terms, Quotes, Book, object, object]:
        """The clearing house."""
        houses = [agent for agent in self.agents if isinstance(agent, ClearingHouse)]
        if len(houses) != 1:
            raise Refused(f"an economy has one clearing house; this one has {len(houses)}")
        return houses[0]

    @property
    def cohorts(self) -> list[Cohort[Terms, Quotes, object, object]]:
        """The cohorts, by name, so that the order in which they were made can't matter."""
        cohorts = [agent for agent in self.agents if isinstance(agent, Cohort)]
        names = [cohort.name for cohort in cohorts]
        if len(set(names)) < len(names):
            raise Refused(f"two cohorts have one name; the names are {', '.join(sorted(names))}")
        return sorted(cohorts, key=lambda cohort: cohort.name)

    @property
    def members(self) -> int:
        """Number of traders in all cohorts."""
        return sum(cohort.members for cohort in self.cohorts)

    # ------------------------------------------------------------------ the last round
    @property
    def traded(self) -> bool:
        """Whether there has been a round."""
        return self._last is not None

    @property
    def posted(self) -> Quotes:
        """What the market posted in the last round."""
        return self._round[0]

    @property
    def book(self) -> Book:
        """The netted orders of the last round."""
        return self._round[1]

    # ------------------------------------------------------------------ rounds
    def open(self) -> None:
        """Let the market learn who is there, and start the adjustment at the quotes.

        If the house can't say what it charges, the date ends as infeasible before any round.
        """
        self._cohorts, self._house = self.cohorts, self.house
        if not self._cohorts:
            raise Refused("an economy needs at least one cohort of traders")
        self._house.linked = self.linked
        for cohort in self._cohorts:
            cohort.linked = self.linked
        if self.record is None:
            self.market.open(cast(Sequence[Never], self._cohorts))
            self.first_quotes = self.market.starting_quotes(self.start, self.starts)
            self.quotes = self.first_quotes
        self._house.wake(self.date)
        try:
            self.terms = self._house.charge(self.quotes)
            for cohort in self._cohorts:
                cohort.wake(self.date, self.terms)
            if self.start == "primitives" or self.record is not None:
                begin = self.market.opening(self.quotes, self.terms, self._rested)
            else:
                begin = self.market.locate(self.quotes, self.terms)
            self._begin_at(begin)
        except Infeasible as error:
            self.infeasible, self.running = str(error), False

    def restart(self, start: Start) -> None:
        """Begin the rounds of this date again, from other quotes, once it is open."""
        self.quotes = self.market.starting_quotes(start, self.starts)
        self._begin_at(self.market.locate(self.quotes, self.terms))

    def step(self) -> None:
        """One round: post, respond, net, settle, adjust, record."""
        if self.adjustment is None:
            self.open()
        if self.infeasible:
            return
        state = self._state
        try:
            self._last = self._ask(state.coordinates, state.moved)
            depth = self._told_depth() if self.adjuster.asks_depth(state) else None
            self.settlement = self._house.settle(*self._round)
            excess = self.market.excess(*self._round)
        except Infeasible as error:
            self.infeasible, self.running = str(error), False
            return
        self.adjustment = self.adjuster.adjust(state, excess, depth)
        for cohort in self._cohorts:
            cohort.remember(self.posted)
        self._remember(excess)
        self.running = not self._state.settled
        self.between_rounds()

    def between_rounds(self) -> None:
        """What else happens after a round; nothing unless overridden."""

    def clear(self, max_rounds: int = MAX_ROUNDS) -> Outcome:
        """Run rounds until the markets clear, then let every trader take its position.

        Returns
        -------
        Outcome
            ``CLEARED`` if the rounds settled; whether that is an equilibrium is for the
            certificate to say.
        """
        ending = None
        while ending is None:
            self.step()
            ending = self.ended(max_rounds)
        self.rest()
        return ending.outcome

    def ended(self, max_rounds: int = MAX_ROUNDS) -> Ending | None:
        """How the rounds of this date ended; None while they go on."""
        if self.infeasible:
            return Ending(Outcome.INFEASIBLE, self.infeasible)
        state = self._state
        if state.settled:
            return Ending(Outcome.CLEARED, "")
        if not np.isfinite(state.coordinates).all():
            return Ending(Outcome.OUT_OF_RANGE, "a quote is no longer a number")
        if self.round < max_rounds:
            return None
        return self._out_of_range() or self._cycle() or self._out_of_rounds()

    def rest(self) -> None:
        """Let every trader take the positions that its last orders amount to."""
        if not self.traded:
            return
        placed = self._house.place(*self._round)
        for cohort in self._cohorts:
            cohort.hold(self.posted, placed)

    def redundant(self) -> Mapping[str, float]:
        """Excess demand in the markets that Walras' law leaves over, see the clearing house."""
        return self._house.redundant(*self._round) if self.traded else {}

    def slope(self) -> tuple[FloatArray, FloatArray]:
        """Residuals at the quotes of the last round, and their derivatives by the coordinates."""
        return self.market.excess(*self._round).residual, self._depth()

    def look(self, coordinates: FloatArray) -> Excess:
        """Ask for orders at some coordinates once the date is open; no quote moves.

        What is asked of the economy next, its slope or what traders hold, is about these orders.

        Raises
        ------
        Refused
            If a trader has no choice that meets its constraints there.
        """
        here = self._state.limits.clip(coordinates)
        self.adjustment = replace(
            self._state, coordinates=here, moved=np.full_like(here, NEAREST), settled=False
        )
        try:
            self._last = self._ask(here, self.adjustment.moved)
        except Infeasible as error:
            raise Refused(str(error)) from None
        self.settlement = self._house.settle(*self._last)
        self.quotes = self.market.named(self.posted)
        return self.market.excess(*self._last)

    def stand(self, coordinates: FloatArray) -> None:
        """Begin the rounds of this date at some coordinates, once it is open."""
        self.look(coordinates)
        self._begin_at(coordinates)

    def announce(self, **terms: object) -> None:
        """Change what the clearing house charges; the next rounds start from the resting quotes.

        If nothing came to rest at the last date, they start from the first quotes again. Where
        dates are linked, positions pass from a date at rest to the next one; a date whose rounds
        did not settle passes on what it began with.

        Parameters
        ----------
        **terms
            Attributes of the clearing house and their new values, for instance
            ``margin=FlatMargin(0.03)``.
        """
        house = self.house
        for name, value in terms.items():
            if not hasattr(house, name):
                raise Refused(f"the clearing house has no {name} to announce")
            setattr(house, name, value)
        self._rested = None
        if self.linked and self.adjustment is not None and self.adjustment.settled:
            self._rested = self.adjustment.coordinates
            self.rest()
            house.carry(*self._round)
            for cohort in self.cohorts:
                cohort.carry()
        if self.round > 0 or self.infeasible:
            self.date += 1
        if self.adjustment is not None and not self.adjustment.settled:
            self.quotes = self.first_quotes
        self.round = self.evaluations = 0
        self.knew = Knowledge.EXCESS_DEMAND
        self.infeasible = ""
        self.adjustment = None

    def close(self) -> None:
        """Let go of the agents; some versions of Mesa would keep the model alive otherwise."""
        self.remove_all_agents()
        ids = getattr(mesa.Agent, "_ids", None)
        if ids is not None:
            ids.pop(self, None)

    @property
    def columns(self) -> Columns:
        """What the parts declare of the columns that they make."""
        traders = [variable for cohort in self.cohorts for variable in cohort.variables]
        return Columns(
            self.market.quotes,
            self.market.excess_variables,
            self.house.variables,
            tuple(dict.fromkeys(traders)),
        )

    def accounts(self) -> dict[str, float]:
        """Numbers to record in each round: those of the settlement, unless extended."""
        assert self.settlement is not None
        return self.settlement.accounts()

    def __repr__(self) -> str:
        """A line that says what it is and how far it is."""
        parts = f"{type(self.market).__name__}, {len(self.cohorts)} cohorts"
        return f"<{type(self).__name__} of {parts}, date {self.date}, round {self.round}>"

    def _repr_html_(self) -> str:
        """Who is there and what is quoted, for notebooks."""
        from simulator.document.document import Facts, Table
        from simulator.document.web import fragment

        houses = [type(agent).__name__ for agent in self.agents if isinstance(agent, ClearingHouse)]
        parts = {
            "market": type(self.market).__name__,
            "clearing house": ", ".join(houses) or "none yet",
            "date": self.date,
            "rounds at this date": self.round,
        }
        cohorts = pd.DataFrame(
            [[cohort.name, type(cohort).__name__, cohort.members] for cohort in self.cohorts],
            columns=["cohort", "kind", "members"],
        )
        quotes = pd.DataFrame(
            [[q.name, self.quotes.get(q.name), q.unit, q.meaning] for q in self.market.quotes],
            columns=["quote", "posted last", "unit", "meaning"],
        )
        return fragment(Facts(parts), Table(cohorts, "Cohorts"), Table(quotes, "Quotes"))

    # ------------------------------------------------------------------ inner workings
    @property
    def _state(self) -> Adjustment:
        assert self.adjustment is not None
        return self.adjustment

    @property
    def _round(self) -> tuple[Quotes, Book]:
        if self._last is None:
            raise RuntimeError("no round has been traded yet")
        return self._last

    def _ask(self, coordinates: FloatArray, moved: FloatArray) -> tuple[Quotes, Book]:
        """Post quotes, let every cohort respond, and net the orders."""
        self.evaluations += 1
        posted = self.market.post(coordinates, self.terms, moved)
        return posted, self._house.net([cohort.respond(posted) for cohort in self._cohorts])

    def _begin_at(self, coordinates: FloatArray) -> None:
        """Start the rule at some coordinates."""
        limits = self.market.limits(self.terms)
        _check(limits, coordinates, len(self.market.excess_names))
        self.adjustment = self.adjuster.start(coordinates, limits)
        self.running = True

    def _told_depth(self) -> FloatArray:
        """The depth, for the rule."""
        if self.knew is Knowledge.EXCESS_DEMAND:
            self.knew = Knowledge.SLOPES
        return self._depth()

    def _depth(self) -> FloatArray:
        """Derivatives of residuals by coordinates: the market's own, or finite differences.

        Traders are asked what they would order a little to either side: over the distance of the
        last move, so that it spans steps of finitely many traders while quotes are far, and lies
        inside one when they are near; and at most half of the way to a limit.
        """
        state = self._state
        here, limits = state.coordinates, state.limits
        depth = self.market.depth(*self._round, here)
        if depth is not None:
            return depth
        reach = min(max(float(np.max(state.moved)), NEAREST), FARTHEST)
        depth = -np.eye(here.size)
        none = np.zeros_like(here)
        for k, place in enumerate(here.tolist()):
            low = place - min(reach, 0.5 * (place - float(limits.lower[k])))
            high = place + min(reach, 0.5 * (float(limits.upper[k]) - place))
            if not high > low:
                continue
            ends = []
            for end in (low, high):
                beside = here.copy()
                beside[k] = end
                ends.append(self.market.excess(*self._ask(beside, none)).residual)
            depth[:, k] = (ends[1] - ends[0]) / (high - low)
        return depth

    def _remember(self, excess: Excess) -> None:
        """Keep the quotes by name and add the round's row to the record."""
        self.quotes = self.market.named(self.posted)
        self.round += 1
        accounts = self.accounts()
        market, state = self.market, self._state
        if self.record is None:
            if list(self.quotes) != [quote.name for quote in market.quotes]:
                raise TypeError(
                    f"{type(market).__name__}.named gives {', '.join(self.quotes)}; its quotes are"
                    f" {', '.join(quote.name for quote in market.quotes)}"
                )
            shares = [f"{name}_share" for name in market.excess_names]
            columns = [*self.quotes, *market.excess_names, *shares, *accounts]
            self.record = Record([*columns, "share", "step", "evaluations"])
        self.record.write(
            self.date,
            self.round,
            [
                *self.quotes.values(),
                *excess.units,
                *excess.share,
                *accounts.values(),
                state.share,
                state.step,
                self.evaluations,
            ],
        )

    def _out_of_range(self) -> Ending | None:
        """Whether a coordinate has run into a limit that no equilibrium attains."""
        state, limits = self._state, self._state.limits
        from_lower, from_upper = state.coordinates - limits.lower, limits.upper - state.coordinates
        below = ~limits.lower_attained & (from_lower <= AT_LIMIT * np.maximum(1, abs(limits.lower)))
        above = ~limits.upper_attained & (from_upper <= AT_LIMIT * np.maximum(1, abs(limits.upper)))
        for end, there in (("lower", below), ("upper", above)):
            if there.any():
                name = self.market.excess_names[int(np.argmax(there))]
                return Ending(
                    Outcome.OUT_OF_RANGE,
                    f"when the rounds ended, the quote behind {name} stood at the {end} end of its"
                    " range, which it can only approach",
                )
        return None

    def _cycle(self) -> Ending | None:
        """Whether the rounds of this date end in a cycle."""
        assert self.record is not None
        names = [quote.name for quote in self.market.quotes]
        rounds = self.round
        path = np.column_stack([self.record.column(name, rounds) for name in names])
        cycle = find_cycle(path)
        return None if cycle is None else Ending(Outcome.CYCLES, cycle.reason(names))

    def _out_of_rounds(self) -> Ending:
        state = self._state
        return Ending(
            Outcome.OUT_OF_ROUNDS,
            f"after {self.round} rounds the largest excess demand is {state.share:.1e} of what is"
            f" traded; a market has cleared at {self.adjuster.share_tolerance:.0e}",
        )


def _check(limits: Limits, coordinates: FloatArray, count: int) -> None:
    """Refuse a market whose coordinates, limits and excess demands do not fit together."""
    for name, numbers in (
        ("a lower limit", limits.lower),
        ("an upper limit", limits.upper),
        ("a coordinate of the first quotes", coordinates),
    ):
        if numbers.shape != (count,):
            raise TypeError(
                f"{name} is missing or too many: {numbers.shape} for {count} excess demands"
            )
        if not np.isfinite(numbers).all():
            raise Refused(f"{name} is {numbers[~np.isfinite(numbers)][0]}; it must be finite")
