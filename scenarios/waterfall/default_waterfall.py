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
from markets.waterfall.quotes import WaterfallQuotes
from scenarios.waterfall import DEFAULT_WATERFALL
from scenarios.waterfall.captions import CAPTIONS
from scenarios.waterfall.certificate import Rules, certify
from scenarios.waterfall.economy import DefaultWaterfall, WaterfallEconomy, build
from scenarios.waterfall.page import PAGE
from scenarios.waterfall.reverse_stress import reverse_stress
from scenarios.waterfall.variables import VARIABLES
from scenarios.waterfall.who_pays import who_pays
from simulator.certificate import Certificate
from simulator.declared import Shown
from simulator.point import Case, RestingPoint, ScenarioEconomy
from simulator.results import Results
from simulator.scenario import Scenario

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TURNED = 1e-12
"""Change of a quote between rounds, as a share of it or of 1, that is rounding."""

PAID_BY = (
    "own_margin_used", "own_fund_used", "capital_used", "fund_used", "assessments_used", "gains_cut"
)  # fmt: skip
"""Columns of the table of dates that say who bore a date's losses."""


class DefaultWaterfallScenario(Scenario[DefaultWaterfall]):
    """The scenario ``default-waterfall``."""

    title = DEFAULT_WATERFALL
    parameters = DefaultWaterfall
    variables = VARIABLES
    captions = CAPTIONS
    page = PAGE
    headline = ("defaulted", "calls", "calls_paid", *PAID_BY)

    def cases(self, parameters: DefaultWaterfall) -> list[Case]:
        """One economy for each equilibrium that is looked for, taken through the news."""
        drawn = cache(parameters.drawn)  # once: both cases have the same members and news

        def make(case: str, rng: np.random.Generator) -> WaterfallEconomy:
            return build(parameters, case, *drawn(rng), rng)

        dates = parameters.announced
        return [Case(case, partial(make, case), dates) for case in parameters.markets]

    def describe(
        self, parameters: DefaultWaterfall, economy: ScenarioEconomy, point: RestingPoint
    ) -> Mapping[str, object]:
        """Calls, defaults, who bore the losses, and what the house holds.

        ``extreme`` says how sure it is that the equilibrium is the greatest, or the least.
        ``proved``: nobody had cleared positions, so that rounds go one way by theory (see
        :mod:`markets.waterfall.market`), or nobody fails and all is paid, and no equilibrium pays
        more. ``one way``: no quote turned around in the rounds. ``turned``: one did.
        """
        if economy.infeasible:
            return {}
        settlement, posted = economy.settlement, economy.posted
        assert isinstance(settlement, WaterfallSettlement)
        assert isinstance(posted, WaterfallQuotes)
        accounts = settlement.accounts()
        del accounts["balance"]
        rates = posted.terms.margin / posted.terms.before
        return {
            **accounts,
            "margin_required": float(point.agents["margin_due"].sum()),
            "fund_required": posted.terms.fund,
            **{f"margin[{k}]": r for k, r in zip(parameters.names, rates.tolist(), strict=True)},
            "extreme": _extreme(point, economy),
        }

    def certify(self, parameters: DefaultWaterfall, point: RestingPoint) -> Certificate:
        """The certificate of a resting point, from its table of members."""
        return certify(
            point.agents,
            point.quotes,
            parameters.names,
            Rules(
                cap=parameters.assessment_cap if "assessments" in parameters.layers else 0.0,
                recovered=(parameters.recovered_cash, parameters.recovered_inflow),
                debts=parameters.owed if point.date == 1 else None,
                greatest=point.case == "greatest",
            ),
        )

    def shows_traders(self, parameters: DefaultWaterfall) -> Shown:
        """Members at the last date only where the tables of all would be long."""
        extent = parameters.extent()
        return "every date" if extent.kept == extent.dates else "last date"

    def studies_at_rest(self, results: Results[DefaultWaterfall]) -> Mapping[str, pd.DataFrame]:
        """The mildest shocks that exhaust the layers at the first date, if a direction is given."""
        parameters = results.parameters
        if not parameters.reverse_stress:
            return {}
        drawn = parameters.drawn(np.random.default_rng(results.seed))
        return {"reverse_stress": reverse_stress(parameters, *drawn)}

    def report(self, results: Results[DefaultWaterfall]) -> pd.DataFrame | None:
        """Who pays for whose default: losses by layer and date."""
        dates = results.dates
        if "own_margin_used" not in dates:
            return None
        return dates[["case", "date", "losses", *PAID_BY, "defaulted", "alive"]]

    def tables(self, results: Results[DefaultWaterfall]) -> Mapping[str, pd.DataFrame]:
        """Who pays for whose default, member by member."""
        agents = results.agents
        return {"who_pays": who_pays(agents)} if "uncovered" in agents else {}

    def figures(self, results: Results[DefaultWaterfall]) -> Mapping[str, Figure]:
        """Prices, calls and defaults by date, and who bore the losses."""
        if "own_margin_used" not in results.dates or results.agents.empty:
            return super().figures(results)
        from scenarios.waterfall import figures
        from simulator import rounds_figures

        return {
            "waterfall": figures.waterfall(results.dates),
            "timeline": figures.timeline(results.dates, results.parameters.names),
            "balance_sheets": figures.balance_sheets(results.agents, results.dates),
            "quotes_by_round": rounds_figures.quotes(results),
            "excess_demand_by_round": rounds_figures.excess(results),
        }


def _extreme(point: RestingPoint, economy: ScenarioEconomy) -> str:
    """How sure it is that an equilibrium is the greatest, or the least, of its date."""
    quotes, record = point.quotes, economy.record
    assert record is not None
    before = [name for name in point.agents if str(name).startswith("position_before[")]
    best = {name: float(name != "assessed") for name in quotes if not name.startswith("price[")}
    in_full = point.case == "greatest" and all(quotes[name] == best[name] for name in best)
    in_full = in_full and not (point.agents["status"] == "defaulted").any()
    if in_full or not any(point.agents[name].any() for name in before):
        return "proved"
    for name in quotes:
        steps = np.diff(record.column(name, economy.round)) / max(abs(quotes[name]), 1.0)
        if np.any(steps > TURNED) and np.any(steps < -TURNED):
            return "turned"
    return "one way"


SCENARIO = DefaultWaterfallScenario()
