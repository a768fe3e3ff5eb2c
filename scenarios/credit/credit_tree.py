"""Credit on any event tree: the scenario ``credit-tree``, and what all scenarios of it share.

A user writes down tree, goods, contracts and households; the default is a small economy with a
patient and an impatient household of logarithmic utility. After Iraola and Torres-Martinez (SDT
364, 2012), section 2; the model, its symbols and the errata are in this folder's README.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from scenarios.credit import CREDIT_TREE, published
from scenarios.credit.captions import CREDIT_TREE as CAPTIONS
from scenarios.credit.certificate import certify
from scenarios.credit.economy import AuctionedEconomy, build
from scenarios.credit.intervals import intervals
from scenarios.credit.members import shown
from scenarios.credit.page import PAGE
from scenarios.credit.parameters import CreditTree
from scenarios.credit.primitives import CreditEconomy
from scenarios.credit.propositions import evaluate
from scenarios.credit.read_out import judged, rates, read_out, remark, untraded
from scenarios.credit.rental import rental_market
from scenarios.credit.strategies import payment_strategies
from scenarios.credit.variables import CREDIT_TREE as COLUMNS
from simulator.certificate import Certificate
from simulator.outcome import Ending
from simulator.point import Case, RestingPoint, ScenarioEconomy
from simulator.published import Published
from simulator.results import Results
from simulator.scenario import Scenario

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class CreditScenario(Scenario[CreditTree]):
    """Base of every scenario with credit on an event tree.

    Attributes
    ----------
    reference : Published, optional
        Numbers to compare with as long as the economy is the default one.
    """

    headline = ("verified",)
    variables = COLUMNS
    captions = CAPTIONS
    narrowest = MappingProxyType({"event_tree": 174.0})
    page = PAGE
    reference: Published | None = None

    def cases(self, parameters: CreditTree) -> list[Case]:
        """The economies of the parameters, each with one date.

        The first to be built draws the households of all.
        """
        made: list[dict[str, CreditEconomy]] = []

        def maker(name: str) -> Callable[[np.random.Generator], AuctionedEconomy]:
            def build_one(rng: np.random.Generator) -> AuctionedEconomy:
                if not made:
                    made.append(parameters.economies(parameters.entries(rng)))
                return build(made[0][name], parameters, rng)

            return build_one

        return [Case(name, maker(name), [{}]) for name in parameters.cases(parameters.households)]

    def refine(self, parameters: CreditTree, point: RestingPoint) -> RestingPoint:
        """The exact equilibrium that the rounds approach, where it can be proved."""
        from scenarios.credit.refinement import refined

        return refined(_economy(parameters, point), point) if len(point.agents) else point

    def certify(self, parameters: CreditTree, point: RestingPoint) -> Certificate:
        """The certificate of a resting point, from its proof or its tables."""
        return certify(_economy(parameters, point), point)

    def judge(self, parameters: CreditTree, point: RestingPoint) -> Ending:
        """No trade, where an empty pool is distrusted; cleared otherwise."""
        return judged(_economy(parameters, point), point)

    def describe(
        self, parameters: CreditTree, economy: ScenarioEconomy, point: RestingPoint
    ) -> Mapping[str, object]:
        """Utilities, payment rates, auctions, and remarks on a resting point."""
        assert isinstance(economy, AuctionedEconomy)
        return {
            **self.read_out(parameters, point),
            "averages": economy.averages,
            "auction_steps": economy.auction_steps,
            "auction_move": economy.auction_move,
            "remark": remark(_economy(parameters, point), point, economy.auction_move),
        }

    def read_out(self, parameters: CreditTree, point: RestingPoint) -> Mapping[str, object]:
        """Utilities, payment rates, how it is verified, and how many trade."""
        return read_out(_economy(parameters, point), point)

    def intervals(
        self, parameters: CreditTree, point: RestingPoint
    ) -> Mapping[str, tuple[float, float]]:
        """Prices, and resale prices, at which nobody would trade what nobody trades."""
        if not len(point.agents):
            return {}
        found = intervals(_economy(parameters, point), point)
        return {name: (float(low), float(high)) for name, (low, high) in found.items()}

    def closed_form(
        self, parameters: CreditTree, point: RestingPoint
    ) -> Mapping[str, float] | None:
        """The reference, as long as the economy is the default one and its contracts are traded."""
        if self.reference is None or not len(point.agents):
            return None
        economy = _economy(parameters, point)
        if parameters.members is not None:
            return None
        default = self.parameters().economies()
        if economy != default.get(point.case) or untraded(economy, point):
            return None
        numbers = self.reference.expected.items()
        return {n: float(v) for n, v in numbers if isinstance(v, Fraction | float)}

    def tables(self, results: Results[CreditTree]) -> Mapping[str, pd.DataFrame]:
        """The propositions for every borrower and node."""
        found = [evaluate(economy, point) for economy, point in described_points(results)]
        return {"propositions": pd.concat(found, ignore_index=True)} if found else {}

    def report(self, results: Results[CreditTree]) -> pd.DataFrame | None:
        """What to know of each case: trivial equilibria, auctions, why there is no proof."""
        remarks = results.dates[["case", "remark"]]
        remarks = remarks[remarks["remark"] != ""]
        return remarks if len(remarks) else None

    def studies_at_rest(self, results: Results[CreditTree]) -> Mapping[str, pd.DataFrame]:
        """What borrowers do at other costs of closing debts, and who would use a rental market."""
        points = described_points(results)
        markets = [
            rental_market(economy, point, rental)
            for economy, point in points
            if (rental := results.parameters.rental_contract(economy)) is not None
        ]
        studies = {"payment_strategies": payment_strategies(points)}
        if markets:
            studies["rental_market"] = pd.concat(markets, ignore_index=True)
        return studies

    def figures(self, results: Results[CreditTree]) -> Mapping[str, Figure]:
        """The figures of a run; those of several cases are numbered."""
        from scenarios.credit import figures

        drawings = figures.by_round(results)
        strategies = results.studies.get("payment_strategies")
        for row, end in enumerate(results.ends):
            point = end.point
            ending = f"_{row + 1}" if len(results.ends) > 1 else ""
            if not len(point.agents):
                continue
            economy = _economy(results.parameters, point)
            shares = rates(economy, point.agents)
            drawings[f"event_tree{ending}"] = figures.event_tree(economy, end, shares)
            drawings[f"flows{ending}"] = figures.flows(economy, end)
            if strategies is not None and point.case in set(strategies["case"]):
                mine = strategies[strategies["case"] == point.case]
                drawings[f"strategy_map{ending}"] = figures.strategy_map(mine, economy, end)
        return drawings


def _economy(parameters: CreditTree, point: RestingPoint) -> CreditEconomy:
    """The economy of a resting point, whose households the table of agents shows."""
    if not parameters.drawn:
        return parameters.economies()[point.case]
    tree = parameters.cases(parameters.households)[point.case].tree
    return parameters.cases(shown(point.agents, tree))[point.case]


def described_points(results: Results[CreditTree]) -> list[tuple[CreditEconomy, RestingPoint]]:
    """The resting points of a run, each with its economy; those that were traded to."""
    return [
        (_economy(results.parameters, point), point)
        for point in results.points
        if len(point.agents)
    ]


class CreditTreeScenario(CreditScenario):
    """The scenario ``credit-tree``."""

    title = CREDIT_TREE
    parameters = CreditTree
    reference = published.LOGARITHMIC


SCENARIO = CreditTreeScenario()
