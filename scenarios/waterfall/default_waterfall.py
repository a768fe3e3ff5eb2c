"""Margin calls, defaults, and who bears the losses of a clearing house.

Scenario ``default-waterfall``. The model and its symbols are in this folder's README.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from agents.waterfall.clearing_house import WaterfallSettlement
from markets.quote import FloatArray
from markets.waterfall.quotes import WaterfallQuotes
from scenarios.waterfall import DEFAULT_WATERFALL
from scenarios.waterfall.certificate import Rules, certify
from scenarios.waterfall.economy import (
    Clearing,
    DefaultWaterfall,
    WaterfallEconomy,
    build,
    members_of,
)
from simulator.certificate import Certificate
from simulator.point import Case, RestingPoint, ScenarioEconomy
from simulator.results import Results
from simulator.scenario import Scenario

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TURNED = 1e-12
"""Change of a rate of payment between rounds that is rounding."""

PAID_BY = ("own_resources", "capital", "fund", "assessments", "gains")
"""Columns of the table of dates that say who bore a date's losses."""


class DefaultWaterfallScenario(Scenario[DefaultWaterfall]):
    """The scenario ``default-waterfall``."""

    title = DEFAULT_WATERFALL
    parameters = DefaultWaterfall
    headline = ("defaulted", "calls", "calls_paid", *PAID_BY)

    def cases(self, parameters: DefaultWaterfall) -> list[Case]:
        """One economy for each equilibrium that is looked for, taken through the news."""

        @cache  # once, so that both cases have the same members and news
        def drawn(rng: np.random.Generator) -> tuple[FloatArray, Clearing]:
            return parameters.values(rng), members_of(parameters, rng)

        def make(case: str, rng: np.random.Generator) -> WaterfallEconomy:
            return build(parameters, case, *drawn(rng), rng)

        dates: list[Mapping[str, object]] = [{}] * parameters.number
        return [Case(case, partial(make, case), dates) for case in parameters.markets]

    def describe(
        self, parameters: DefaultWaterfall, economy: ScenarioEconomy, point: RestingPoint
    ) -> Mapping[str, object]:
        """Calls, defaults, who bore the losses, and what the house holds.

        ``one_way`` says whether no rate of payment ever turned around in the rounds of the date:
        then the equilibrium is the greatest, or the least, that there is.
        """
        settlement, posted = economy.settlement, economy.posted
        assert isinstance(settlement, WaterfallSettlement)
        assert isinstance(posted, WaterfallQuotes)
        accounts = settlement.accounts()
        del accounts["balance"]
        record = economy.record
        assert record is not None
        turned = False
        for name, sign in (("gains_paid", 1.0), ("assessed", -1.0)):
            steps = np.diff(record.column(name, economy.round)) * sign
            down = point.case == "greatest"
            turned = turned or bool(np.any(steps > TURNED if down else steps < -TURNED))
        return {
            **accounts,
            "margin_required": float(point.agents["margin_due"].sum()),
            "fund_required": posted.terms.fund,
            "one_way": not turned,
        }

    def certify(self, parameters: DefaultWaterfall, point: RestingPoint) -> Certificate:
        """The certificate of a resting point, from its table of members."""
        debts = np.array(parameters.debts) if parameters.debts else None
        return certify(
            point.agents,
            point.quotes,
            parameters.names,
            Rules(
                cap=parameters.assessment_cap if "assessments" in parameters.layers else 0.0,
                recovered=(parameters.recovered_cash, parameters.recovered_inflow),
                debts=None if debts is None else debts * (point.date == 1),
                paid=point.case == "greatest",
            ),
        )

    def report(self, results: Results[DefaultWaterfall]) -> pd.DataFrame | None:
        """Who pays for whose default: losses by layer and date."""
        dates = results.dates
        if "own_resources" not in dates:
            return None
        return dates[["case", "date", "losses", *PAID_BY, "defaulted", "alive"]]

    def figures(self, results: Results[DefaultWaterfall]) -> Mapping[str, Figure]:
        """Prices, calls and defaults by date, and who bore the losses."""
        from scenarios.waterfall import figures
        from simulator import rounds_figures

        return {
            "waterfall": figures.waterfall(results.dates),
            "timeline": figures.timeline(results.dates, results.parameters.names),
            "quotes_by_round": rounds_figures.quotes(results),
            "excess_demand_by_round": rounds_figures.excess(results),
        }


SCENARIO = DefaultWaterfallScenario()
