"""What an equilibrium of composed economies with leverage over several dates is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agents.leverage.clearing_house import LeverageClearingHouse
from agents.leverage.levered_traders import LeveredTraders
from markets.leverage.market import LeverageMarket
from markets.leverage.quotes import LeverageTerms
from markets.refused import Refused
from scenarios.leverage.certificate import certify
from simulator.certificate import Certificate
from simulator.composed import Composed, Composition
from simulator.point import RestingPoint, ScenarioEconomy
from simulator.population.counted import number_below_by_cohort


class ComposedLeverage(Composed):
    """The leverage cycle: every trader's linear program over all nodes, loans, markets.

    Raises
    ------
    Refused
        If market and clearing house know different news, or dates are not linked.
    """

    parts = (LeverageClearingHouse, LeveredTraders)

    def __init__(self, economy: ScenarioEconomy, dates: Sequence[Mapping[str, object]]) -> None:
        super().__init__(economy, dates)
        market, house = self.market(LeverageMarket), self.house(LeverageClearingHouse)
        if market.tree is not house.tree:
            raise Refused("market and clearing house have different trees of news; give both one")
        if len(self.dates) > 1 and not economy.linked:
            raise Refused(
                "news arrives at later dates, to which traders carry what they own; make"
                " Economy(..., linked=True)"
            )

    def certify(self, parameters: Composition, point: RestingPoint) -> Certificate:
        """The certificate of all cohorts together."""
        house, terms = self.house(LeverageClearingHouse), self.economy.terms
        assert isinstance(terms, LeverageTerms)
        lines = [
            (each.name, each.beliefs, each.members, each.population)
            for each in self.cohorts(LeveredTraders)
        ]
        return certify(
            agents=point.agents,
            quotes=point.quotes,
            tree=house.tree,
            root=terms.root,
            most_leverage=house.most_leverage,
            below=number_below_by_cohort(lines, point.agents) if point.complete else None,
            complete=point.complete,
        )


COMPOSED = ComposedLeverage
