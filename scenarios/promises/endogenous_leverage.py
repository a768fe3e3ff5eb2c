"""Any promises on any number of states: which are traded, and who defaults.

Scenario ``endogenous-leverage``, after Brunnermeier, Eisenbach and Sannikov, survey of
macroeconomics with financial frictions, section 3.3, which follows Geanakoplos (1997, 2003), and
Fostel and Geanakoplos (2015). The model and its symbols are in this folder's README.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from markets.quote import FloatArray
from scenarios.promises import ENDOGENOUS_LEVERAGE
from scenarios.promises.intervals import UNTRADED, untraded
from scenarios.promises.net_trades import net_trades, traders_trading
from scenarios.promises.page import ENDOGENOUS_PAGE
from scenarios.promises.program import promises_of
from scenarios.promises.refined import refined
from scenarios.promises.states_certificate import certify_states
from scenarios.promises.states_economy import (
    EndogenousLeverage,
    StateTraders,
    build_states,
    traders_of,
)
from scenarios.promises.variables import VARIABLES
from simulator.certificate import Certificate
from simulator.point import Case, RestingPoint
from simulator.results import Results
from simulator.scenario import Scenario

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CASE = "promises"
"""Name of the only case."""


class EndogenousLeverageScenario(Scenario[EndogenousLeverage]):
    """The scenario ``endogenous-leverage``."""

    title = ENDOGENOUS_LEVERAGE
    parameters = EndogenousLeverage
    variables = VARIABLES
    headline = ("margin", "leverage", "default", "interest")
    page = ENDOGENOUS_PAGE

    def cases(self, parameters: EndogenousLeverage) -> list[Case]:
        """One economy, for one date."""
        return [Case(CASE, lambda rng: build_states(parameters, rng), [{}])]

    def refine(self, parameters: EndogenousLeverage, point: RestingPoint) -> RestingPoint:
        """The equilibrium without trembles."""
        if not len(point.agents):
            return point
        return refined(
            point,
            payoff=np.array(parameters.payoffs),
            promises=promises_of(parameters.menu()),
            weights=_weights(parameters, point),
            storable=parameters.storable,
        )

    def certify(self, parameters: EndogenousLeverage, point: RestingPoint) -> Certificate:
        """The certificate of a resting point, from its table of positions."""
        return certify_states(
            point,
            promises_of(parameters.menu()),
            np.array(parameters.payoffs),
            _weights(parameters, point),
            storable=parameters.storable,
        )

    def intervals(
        self, parameters: EndogenousLeverage, point: RestingPoint
    ) -> Mapping[str, tuple[float, float]]:
        """Prices at which nobody trades the promises that nobody trades."""
        owned = point.agents["endowed_cash"] + point.agents["endowed_asset"]
        return untraded(
            point,
            promises_of(parameters.menu()),
            np.array(parameters.payoffs),
            _weights(parameters, point)[owned.to_numpy(float) > 0.0],
            storable=parameters.storable,
        )

    def read_out(self, parameters: EndogenousLeverage, point: RestingPoint) -> Mapping[str, object]:
        """The margin of the asset's holders, default in the worst state, interest, instruments.

        * ``margin``: share of the asset's value that its holders put down themselves.
        * ``default``: share of what traded promises owe that is not delivered, in the state where
          it is largest; 0 if all are kept.
        * ``interest``: rate on promises that deliver the same in every state and are traded; NaN
          where there are none.
        """
        table = instruments(parameters, point)
        traded = table[(table["instrument"] != "asset") & (table["traded"] > 0.0)]
        pledged = traded[traded["pledged_asset"] > 0.0]
        lent = pledged["traded"].to_numpy(float) @ pledged["price"].to_numpy(float)
        held = point.agents["asset"].to_numpy(float).sum() * point.quotes["asset_price"]
        # nothing is held where rounds ended far from clearing
        margin = 1.0 - float(lent / held) if held > 0.0 else np.nan
        menu = parameters.menu()
        volume = table["traded"].to_numpy(float)[1:]
        owed, delivered = volume @ menu.owed, volume @ menu.delivery
        short = np.divide(owed - delivered, owed, out=np.zeros_like(owed), where=owed > 0.0)
        safe = (np.ptp(menu.delivery, axis=1) == 0.0) & (volume > 0.0)
        price = table["price"].to_numpy(float)[1:]
        rates = menu.delivery[safe, 0] / price[safe] - 1.0
        return {
            "margin": margin,
            "leverage": 1.0 / margin,
            "default": float(np.max(short, initial=0.0)),
            "interest": float(rates[0]) if rates.size else np.nan,
            "traders_trading": traders_trading(point.agents, point.quotes, menu.names),
            "instruments": {row.pop("instrument"): row for row in table.to_dict("records")},
        }

    def tables(self, results: Results[EndogenousLeverage]) -> Mapping[str, pd.DataFrame]:
        """Every instrument: terms, price, volume, margin and where it defaults."""
        return {"instruments": instruments(results.parameters, results.points[0])}

    def figures(self, results: Results[EndogenousLeverage]) -> Mapping[str, Figure]:
        """The figures of rounds, and what traders with names buy and sell."""
        shown = dict(super().figures(results))
        if "name" in results.agents:
            from simulator.net_trades import net_trades as by_member

            (point,) = results.points
            values = net_trades(point.agents, point.quotes, results.parameters.menu().names)
            shown["net_trades"] = by_member(values.set_axis(point.agents["name"]), "cash")
        return shown


def instruments(parameters: EndogenousLeverage, point: RestingPoint) -> pd.DataFrame:
    """The asset and every promise: price, volume, margin of the collateral, payments by state.

    ``traded`` is in units, 0 below the dust of rounding; ``delivered_<state>`` is what a unit pays,
    ``owed_<state>`` what it promised, ``defaults`` the number of states in which it pays less.
    """
    menu, agents = parameters.menu(), point.agents
    price = point.quotes["asset_price"]
    wealth = float((agents["endowed_cash"] + price * agents["endowed_asset"]).sum())
    rows: list[dict[str, object]] = [
        {
            "instrument": "asset", "price": price, "traded": float(agents["asset"].sum()),
            "margin": np.nan, "pledged_asset": 0.0, "pledged_cash": 0.0, "defaults": 0,
            **{f"delivered_{s}": v for s, v in zip(menu.states, menu.payoff, strict=True)},
        }
    ]  # fmt: skip
    for j, name in enumerate(menu.names):
        cost = point.quotes[f"price_{name}"]
        volume = float(agents[f"bought_{name}"].sum())
        backing = price * menu.pledged_asset[j] + menu.pledged_cash[j]
        rows.append(
            {
                "instrument": name,
                "price": cost,
                "traded": volume if cost * volume > UNTRADED * wealth else 0.0,
                "margin": 1.0 - cost / backing,
                "pledged_asset": menu.pledged_asset[j],
                "pledged_cash": menu.pledged_cash[j],
                "defaults": int(np.count_nonzero(menu.delivery[j] < menu.owed[j])),
                **dict(zip((f"owed_{s}" for s in menu.states), menu.owed[j], strict=True)),
                **dict(zip((f"delivered_{s}" for s in menu.states), menu.delivery[j], strict=True)),
            }
        )
    return pd.DataFrame(rows)


def _weights(parameters: EndogenousLeverage, point: RestingPoint) -> FloatArray:
    """Utility of consumption now and in every state to every trader, (rows, 1 + S).

    By the parameters; as the table shows it where traders are given one by one or drawn.
    """
    if parameters.one_by_one:
        return StateTraders.shown(point.agents, len(parameters.payoffs)).weights
    return traders_of(parameters, np.random.default_rng(0)).weights


SCENARIO = EndogenousLeverageScenario()
