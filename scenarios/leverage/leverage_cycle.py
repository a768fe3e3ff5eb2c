"""Leverage high, then a crash: an asset whose buyers borrow against it, and bad news.

Scenario ``leverage-cycle``, after Geanakoplos, "The Leverage Cycle", NBER Macroeconomics Annual 24
(2010), section on the three-period example. The model and its symbols are in this folder's README.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from agents.beliefs import Beliefs
from markets.leverage.quotes import LeverageQuotes
from markets.quote import FloatArray
from scenarios.leverage import LEVERAGE_CYCLE
from scenarios.leverage.captions import CAPTIONS
from scenarios.leverage.certificate import certify
from scenarios.leverage.closed_form import Continuum, Cycle
from scenarios.leverage.crash import between
from scenarios.leverage.economy import LeverageCycle, build
from scenarios.leverage.page import PAGE
from scenarios.leverage.variables import VARIABLES
from simulator.certificate import Certificate
from simulator.point import Case, RestingPoint, ScenarioEconomy
from simulator.population.believers import traders_of
from simulator.population.counted import number_below
from simulator.population.members import trading
from simulator.results import Results
from simulator.scenario import Scenario

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from simulator.economy import Economy


SLIVER = 1e-9
"""Share of all traders below which a stretch of a continuum is the rounding of its ends."""


class LeverageCycleScenario(Scenario[LeverageCycle]):
    """The scenario ``leverage-cycle``."""

    title = LEVERAGE_CYCLE
    parameters = LeverageCycle
    variables = VARIABLES
    captions = CAPTIONS
    headline = ("news", "price", "marginal_buyer", "margin", "leverage", "ruined")
    page = PAGE

    def cases(self, parameters: LeverageCycle) -> list[Case]:
        """One economy for each way to set leverage, taken through the news."""
        drawn = cache(partial(traders_of, parameters))  # once, so that all cases have the same
        announcements = [{}, *({"news": heard} for heard in parameters.heard[1:])]

        def make(case: str, rng: np.random.Generator) -> Economy[Any, Any, Any]:
            return build(parameters, case, rng, drawn(rng))

        return [Case(case, partial(make, case), announcements) for case in parameters.markets]

    def describe(
        self, parameters: LeverageCycle, economy: ScenarioEconomy, point: RestingPoint
    ) -> Mapping[str, object]:
        """Where traders stand, price, marginal buyer, margin and leverage there, who is ruined.

        ``marginal_buyer_after_bad`` and the like are those of later nodes, as planned.
        """
        posted = economy.posted
        assert isinstance(posted, LeverageQuotes)
        root, tree = posted.terms.root, posted.tree
        table = point.agents
        weight = table["weight"].to_numpy(dtype=np.float64)
        gone = (table["status"] == "ruined").to_numpy(dtype=np.float64)
        traded = posted.price[root] * (table["asset"] - table["endowed_asset"]).abs()
        traded += table["owed"] + table["lent"]
        many = np.where(weight > SLIVER * weight.sum(), weight, 0.0)
        described: dict[str, object] = {
            "news": tree.names[root],
            "price": float(posted.price[root]),
            "buyers": float(weight @ (table["asset"] > 0.0).to_numpy(float)) / float(weight.sum()),
            "ruined": float(weight @ gone) / float(weight.sum()),
            "traders_trading": (
                trading(traded.to_numpy(), table["wealth"].to_numpy(), many)
                if point.complete
                else np.nan
            ),
        }
        for node in np.flatnonzero(tree.reached(root)):
            after = "" if node == root else f"_after_{tree.names[node]}"
            price, loan = float(posted.price[node]), float(posted.loan[node])
            described[f"marginal_buyer{after}"] = posted.buyer[node].price
            described[f"margin{after}"] = 1.0 - loan / price
            described[f"leverage{after}"] = price / (price - loan) if price > loan else np.inf
        return described

    def closed_form(
        self, parameters: LeverageCycle, point: RestingPoint
    ) -> Mapping[str, float] | None:
        """Prices and marginal buyers by the equations, for leverage chosen and without loans.

        None where leverage is capped, some news is good, payoffs are listed, or traders differ in
        endowments or are given or drawn.
        """
        cycle = self._equations(parameters, point.case)
        if cycle is None or point.date > len(parameters.heard):
            return None
        tree, now = parameters.tree, parameters.node(point.date)
        found = {}
        for node, (price, buyer) in enumerate(zip(cycle.price, cycle.buyer, strict=True)):
            quote = "asset_price" + (f"_after_{tree.names[node]}" if node else "")
            found[quote] = float(price)
            if node >= now:
                after = "" if node == now else f"_after_{tree.names[node]}"
                found[f"marginal_buyer{after}"] = float(buyer)
        return found

    @staticmethod
    def _equations(parameters: LeverageCycle, case: str) -> Cycle | None:
        """The closed form over all dates, where there is one."""
        cash, asset = parameters.cash, parameters.asset
        alike = isinstance(cash, float) and isinstance(asset, float)
        given = parameters.members is not None or parameters.drawn or parameters.payoffs
        if not alike or given or (parameters.news and "good" in parameters.news):
            return None
        assert isinstance(cash, float)
        assert isinstance(asset, float)
        traders = Continuum(
            Beliefs(parameters.beliefs), cash, asset,
            parameters.high_payoff, parameters.low_payoff, parameters.dates,
        )  # fmt: skip
        solved = {"chosen": traders.chosen, "none": traders.unlevered}
        return solved[case]() if case in solved else None

    def certify(self, parameters: LeverageCycle, point: RestingPoint) -> Certificate:
        """The certificate of a resting point, from its table of plans."""
        return certify(
            agents=point.agents,
            quotes=point.quotes,
            tree=parameters.tree,
            root=parameters.node(point.date),
            most_leverage=parameters.caps_by_node(point.case),
            below=_below(parameters, point.agents),
            complete=point.complete,
        )

    def report(self, results: Results[LeverageCycle]) -> pd.DataFrame | None:
        """How much of each fall of the price is due to what."""
        rows = [
            {
                "case": later.point.case,
                "date": later.point.date,
                "news": results.parameters.heard[later.point.date - 1],
                **crash.columns(),
            }
            for earlier, later in pairwise(results.ends)
            if (crash := between(results.parameters, earlier, later)) is not None
        ]
        return pd.DataFrame(rows) if rows else None

    def figures(self, results: Results[LeverageCycle]) -> Mapping[str, Figure]:
        """Prices and margins by news, the crash taken apart, who buys, and the rounds."""
        from scenarios.leverage import figures
        from simulator import rounds_figures

        shown = {
            "cycle": figures.cycle(results.dates),
            "buyers": figures.buyers(results.dates),
            "quotes_by_round": rounds_figures.quotes(results),
            "excess_demand_by_round": rounds_figures.excess(results),
        }
        crashes = self.report(results)
        if crashes is not None:
            shown["crash"] = figures.crash(crashes)
        return shown


SCENARIO = LeverageCycleScenario()


def _below(parameters: LeverageCycle, agents: pd.DataFrame) -> FloatArray | None:
    """Number of traders below both ends of every row, by the distribution of beliefs."""
    if not parameters.spread:
        return None
    beliefs = Beliefs(parameters.beliefs)
    return number_below(beliefs, parameters.number, parameters.population, agents)
