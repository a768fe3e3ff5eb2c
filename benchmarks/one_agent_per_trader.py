"""The same best response with one Mesa agent per trader, side by side with a cohort."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import mesa
import numpy as np

from agents.repo.positions import positions
from agents.repo.traders import Traders
from benchmarks.economies import RepoEconomy, cohort, economy, same_round, with_compiled
from benchmarks.report import Table
from benchmarks.timing import side_by_side
from markets.repo.quotes import RepoQuotes

AGREEMENT = 1e-12
"""Largest difference of two orders, as a share of the larger: the formulas are the same, the order
of additions and multiplications need not be."""

SUMS_AGREEMENT = 1e-10
"""The same of totals: adding up one by one loses digits with the number of traders."""


class Trader(mesa.Agent):
    """One trader of :mod:`agents.repo.traders`, written as one would by hand."""

    def __init__(
        self,
        model: mesa.Model,
        expected: float,
        cash: float,
        securities: float,
        income_up: float,
        income_down: float,
    ) -> None:
        super().__init__(model)
        self.expected = expected
        self.cash = cash
        self.securities = securities
        self.income_up = income_up
        self.income_down = income_down
        self.bought = self.sold = 0.0

    def respond(self, posted: RepoQuotes) -> None:
        """Order to buy if long, to sell if short; in part each if marginal."""
        wealth = self.cash + posted.price * self.securities
        by_margin = wealth / (posted.price * posted.haircut)
        self.bought = self.sold = 0.0
        if self.expected >= posted.long_price:
            loss = posted.long_price - posted.security.low_payoff
            size = min(by_margin, (self.income_up + wealth) / loss)
            at = posted.long_rung.filled if self.expected == posted.long_price else 1.0
            self.bought = at * size
        if self.expected <= posted.short_price:
            loss = posted.security.high_payoff - posted.short_price
            size = min(by_margin, (self.income_down + wealth) / loss)
            at = 1.0 - posted.short_rung.filled if self.expected == posted.short_price else 1.0
            self.sold = at * size


class OneAgentPerTrader(mesa.Model):
    """A Mesa model in which every member of a cohort is an agent.

    Its step does less than a round of :class:`simulator.Economy`: it takes the orders at given
    quotes and adds them up, and moves no quote.
    """

    def __init__(self, traders: Traders, posted: RepoQuotes) -> None:
        super().__init__(rng=0)
        self.posted = posted
        self.longs = self.shorts = 0.0
        self.traders: list[Trader] = []
        given = traders.primitives
        fields = (
            given.expected, given.cash, given.securities, given.income_up, given.income_down,
        )  # fmt: skip
        for member in zip(
            *(np.broadcast_to(field, traders.members).tolist() for field in fields), strict=True
        ):
            self.traders.append(Trader(self, *member))

    def step(self) -> None:
        """Let every agent respond, and add up."""
        self.agents.do("respond", self.posted)
        longs = shorts = 0.0
        for agent in self.traders:
            longs += agent.bought
            shorts += agent.sold
        self.longs, self.shorts = longs, shorts

    def orders(self) -> Any:
        """All orders, in the order of the cohort's rows."""
        return np.array([agent.bought - agent.sold for agent in self.traders])


def disagreement(made: RepoEconomy, model: OneAgentPerTrader) -> tuple[float, float]:
    """Largest difference of the orders of both, and of their totals, as shares of the larger."""
    model.step()
    ours = positions(cohort(made).primitives, made.posted, 0.0).security
    theirs = model.orders()
    size = np.maximum(np.abs(ours), np.abs(theirs))
    apart = np.abs(ours - theirs) / np.where(size > 0.0, size, 1.0)
    total = cohort(made).respond(made.posted)
    sums = max(
        abs(total.longs - model.longs) / total.longs,
        abs(total.shorts - model.shorts) / total.shorts,
    )
    return float(np.max(apart)), sums


def table(sizes: Sequence[int]) -> Table:
    """Time both at the quotes of the second round, where nothing has settled yet."""
    result = Table(
        "one_agent_per_trader",
        "One Mesa agent per trader, side by side",
        (
            "economy", "traders", "Mesa agents, ms", "of it agents.do, ms", "a round of ours, ms",
            "ratio", "difference of orders", "of totals",
        ),
    )  # fmt: skip
    for family in with_compiled(("short", "heterogeneous")):
        for size in sizes:
            made = economy(family, size)
            made.step()
            made.step()
            model = OneAgentPerTrader(cohort(made), made.posted)
            apart, sums = disagreement(made, model)
            if not (apart <= AGREEMENT and sums <= SUMS_AGREEMENT):
                raise ValueError(
                    f"orders differ by {apart:.3g} and totals by {sums:.3g} in economy {family}"
                )
            times = side_by_side(
                {
                    "mesa": model.step,
                    "do": _asking(model),
                    "ours": same_round(made),
                },
            )
            result.rows.append(
                (
                    family, size, 1e3 * times["mesa"], 1e3 * times["do"], 1e3 * times["ours"],
                    times["mesa"] / times["ours"], apart, sums,
                )
            )  # fmt: skip
            model.remove_all_agents()
            made.close()
    result.notes.append(
        "A round of ours is a whole Economy.step (quotes posted, derivatives, netting, settlement,"
        " the adjuster, the record); the Mesa model only takes the orders at given quotes and adds"
        " them up."
    )
    return result


def _asking(model: OneAgentPerTrader) -> Any:
    return lambda: model.agents.do("respond", model.posted)
