"""Who borrows from whom against what, and what that does to the price.

Scenario ``collateral-equilibrium``, after Brunnermeier, Eisenbach and Sannikov, survey of
macroeconomics with financial frictions, section 3.3, which follows Geanakoplos (1997, 2003). The
model and its symbols are in this folder's README.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from agents.beliefs import Beliefs
from markets.promises.menu import Menu, owed_in_cash
from markets.quote import FloatArray
from scenarios.promises import COLLATERAL_EQUILIBRIUM
from scenarios.promises import closed_form as theory
from scenarios.promises.captions import CAPTIONS
from scenarios.promises.certificate import certify
from scenarios.promises.economy import AnyEconomy, CollateralEquilibrium, build
from scenarios.promises.intervals import kinks, untraded
from scenarios.promises.net_trades import net_trades, traders_trading
from scenarios.promises.page import PAGE
from scenarios.promises.program import promises_of
from scenarios.promises.refined import refined
from scenarios.promises.refined_line import refined_line
from scenarios.promises.sides import Sides, instrument_table, side_table
from scenarios.promises.variables import VARIABLES
from simulator.certificate import Certificate
from simulator.point import Case, RestingPoint
from simulator.population.believers import traders_of
from simulator.population.counted import number_below
from simulator.results import Results
from simulator.scenario import Scenario

if TYPE_CHECKING:
    from matplotlib.figure import Figure


MATCHED = 2e-10
"""Excess demand, as a share of wealth, of a continuum whose rounds have settled."""


APPROACHED = 1e-6
"""Excess demand, as a share of wealth, from which its rounds count as having come to where markets
clear, although they have not settled."""


class CollateralEquilibriumScenario(Scenario[CollateralEquilibrium]):
    """The scenario ``collateral-equilibrium``."""

    title = COLLATERAL_EQUILIBRIUM
    parameters = CollateralEquilibrium
    variables = VARIABLES
    captions = CAPTIONS
    headline = ("low_payoff", "marginal_buyer", "margin")
    page = PAGE

    def cases(self, parameters: CollateralEquilibrium) -> list[Case]:
        """One economy per market, named after it, taken through the payoffs after bad news."""
        dates = range(1, len(parameters.low_payoff) + 1)
        drawn = cache(partial(traders_of, parameters))  # once, so that all markets have the same

        def make(assets: str, rng: np.random.Generator) -> AnyEconomy:
            return build(parameters, assets, rng, drawn(rng))

        return [
            Case(
                assets,
                partial(make, assets),
                [{"menu": parameters.terms(assets, date)} for date in dates],
            )
            for assets in parameters.markets
        ]

    def read_out(
        self, parameters: CollateralEquilibrium, point: RestingPoint
    ) -> Mapping[str, object]:
        """Who is marginal, the margin of the asset's holders, and every instrument."""
        sides = _sides(parameters, point)
        margin = sides.margin()
        return {
            "low_payoff": sides.menu.security.low_payoff,
            "marginal_buyer": sides.marginal_buyer(),
            "marginal_short": sides.marginal_short(),
            "margin": margin,
            "leverage": 1.0 / margin,
            "traders_trading": (
                traders_trading(point.agents, point.quotes, sides.menu.names)
                if point.complete
                else np.nan
            ),
            "instruments": {
                row.pop("instrument"): row for row in instrument_table(sides).to_dict("records")
            },
        }

    def closed_form(
        self, parameters: CollateralEquilibrium, point: RestingPoint
    ) -> Mapping[str, float] | None:
        """The equilibrium of the continuum by the equations; None where there are none.

        There are none for traders who differ in endowments, or who are given or drawn.
        """
        cash, asset = parameters.cash, parameters.asset
        alike = isinstance(cash, float) and isinstance(asset, float)
        if not alike or parameters.members is not None or parameters.drawn:
            return None
        assert isinstance(cash, float)
        assert isinstance(asset, float)
        menu = parameters.menu(point.case, point.date)
        low, high = menu.security.low_payoff, menu.security.high_payoff
        traders = theory.Continuum(Beliefs(parameters.beliefs).below, cash, asset, high, low)
        owed = {c.name: owed_in_cash(c)[0] for c in menu.contracts}
        if point.case == "loans-and-swaps":
            if max(owed.values()) != low:
                return None
            solution, bond = theory.loans_and_swaps(traders)
            values = {name: bond * amount for name, amount in owed.items() if amount > 0.0}
            values["default_swap"] = (high - low) * bond * (1.0 - solution.short)
        elif point.case in ("none", "borrowing"):
            safe = max([amount for amount in owed.values() if amount <= low], default=0.0)
            if safe < low and max(owed.values(), default=0.0) > low:
                return None
            solution = theory.borrowing(traders, safe)
            values = {
                name: solution.buyer * amount + (1.0 - solution.buyer) * min(amount, low)
                for name, amount in owed.items()
            }
        else:
            swapped = point.case == "default-swaps"
            solution = theory.default_swaps(traders) if swapped else theory.tranching(traders)
            values = {"down_tranche": low * (1.0 - solution.short)}
            values |= {"default_swap": (high - low) * (1.0 - solution.short)} if swapped else {}
        return {
            "asset_price": solution.price,
            **{f"price_{name}": price for name, price in values.items()},
            "marginal_buyer": solution.buyer,
            **({} if np.isnan(solution.short) else {"marginal_short": solution.short}),
            "margin": solution.margin,
        }

    def refine(self, parameters: CollateralEquilibrium, point: RestingPoint) -> RestingPoint:
        """The equilibrium without trembles, or the one that a continuum had not settled at."""
        if not len(point.agents):
            return point
        menu = parameters.menu(point.case, point.date)
        if parameters.population == "continuum":
            off = _unmatched(point, menu)
            if not parameters.trembling(point.case) and not MATCHED < off <= APPROACHED:
                return point
            return refined_line(
                point,
                payoff=menu.payoff,
                promises=promises_of(menu),
                beliefs=Beliefs(parameters.beliefs),
            )
        if not parameters.trembling(point.case):
            return point
        return refined(
            point, payoff=menu.payoff, promises=promises_of(menu), weights=_weights(point.agents)
        )

    def certify(self, parameters: CollateralEquilibrium, point: RestingPoint) -> Certificate:
        """The certificate of a resting point, from its table of positions."""
        menu = parameters.menu(point.case, point.date)
        return certify(
            agents=point.agents,
            quotes=point.quotes,
            payoff=(menu.security.high_payoff, menu.security.low_payoff),
            promises=promises_of(menu),
            below=_below(parameters, point.agents),
        )

    def intervals(
        self, parameters: CollateralEquilibrium, point: RestingPoint
    ) -> Mapping[str, tuple[float, float]]:
        """Prices at which nobody trades the promises that nobody trades."""
        menu = parameters.menu(point.case, point.date)
        promises = promises_of(menu)
        if parameters.spread:
            return untraded(point, promises, menu.payoff, kinks(point, promises, menu.payoff))
        agents = point.agents
        rich = agents[agents["endowed_cash"] + agents["endowed_asset"] > 0.0]
        return untraded(point, promises, menu.payoff, _weights(rich))

    def report(self, results: Results[CollateralEquilibrium]) -> pd.DataFrame:
        """Who is long, lends, keeps cash and is short at every date: one row per side."""
        return pd.concat(
            [
                _dated(point, side_table(_sides(results.parameters, point)))
                for point in results.points_with_traders
            ],
            ignore_index=True,
        )

    def tables(self, results: Results[CollateralEquilibrium]) -> Mapping[str, pd.DataFrame]:
        """Every instrument at every date: terms, price, volume, who holds and who issues it."""
        instruments = [
            _dated(point, instrument_table(_sides(results.parameters, point)))
            for point in results.points_with_traders
        ]
        return {"instruments": pd.concat(instruments, ignore_index=True)}

    def figures(self, results: Results[CollateralEquilibrium]) -> Mapping[str, Figure]:
        """The figures of a run; the one by date only where a case has several."""
        from scenarios.promises import figures
        from simulator import rounds_figures
        from simulator.net_trades import net_trades as by_member

        dates = results.dates
        shown = {
            "marginal_buyers": figures.line_of_beliefs(self.report(results), dates),
            "quotes_by_round": rounds_figures.quotes(results),
            "excess_demand_by_round": rounds_figures.excess(results),
        }
        if len(dates) > dates["case"].nunique():
            shown["margin_by_date"] = figures.by_date(dates)
        for point in {point.case: point for point in results.points}.values():
            if "name" in point.agents:
                names = results.parameters.menu(point.case, point.date).names
                values = net_trades(point.agents, point.quotes, names)
                shown[f"net_trades_{point.case}"] = by_member(
                    values.set_axis(point.agents["name"]), "cash, at the last date"
                )
        return shown


SCENARIO = CollateralEquilibriumScenario()


def _sides(parameters: CollateralEquilibrium, point: RestingPoint) -> Sides:
    """Who is on which side at a resting point."""
    return Sides.of(point.agents, point.quotes, parameters.menu(point.case, point.date))


def _weights(agents: pd.DataFrame) -> FloatArray:
    """Utility of consumption now and after either news to single traders, (rows, 3)."""
    belief = agents["belief"].to_numpy(float)
    return np.column_stack([np.zeros(belief.size), belief, 1.0 - belief])


def _unmatched(point: RestingPoint, menu: Menu) -> float:
    """Largest excess demand, as a share of all wealth."""
    table, quotes = point.agents, point.quotes
    weight, price = table["weight"].to_numpy(float), quotes["asset_price"]
    excess = [price * (table["asset"] - table["endowed_asset"]).to_numpy(float)]
    excess += [
        quotes[f"price_{n}"] * (table[f"bought_{n}"] - table[f"sold_{n}"]).to_numpy(float)
        for n in menu.names
    ]
    wealth = (table["endowed_cash"] + price * table["endowed_asset"]).to_numpy(float)
    return float(np.max(np.abs(excess @ weight)) / (weight @ wealth))


def _dated(point: RestingPoint, table: pd.DataFrame) -> pd.DataFrame:
    """A table of a resting point with its case and date in front."""
    table.insert(0, "case", point.case)
    table.insert(1, "date", point.date)
    return table


def _below(parameters: CollateralEquilibrium, agents: pd.DataFrame) -> FloatArray | None:
    """Number of traders below both ends of every row, by the distribution of beliefs."""
    if not parameters.spread:
        return None
    beliefs = Beliefs(parameters.beliefs)
    return number_below(beliefs, parameters.number, parameters.population, agents)
