"""What an equilibrium of composed economies with a default waterfall is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agents.waterfall.clearing_house import WaterfallHouse
from agents.waterfall.members import Members
from agents.waterfall.outside_investors import OutsideInvestors
from markets.refused import Refused
from markets.waterfall.market import WaterfallMarket
from scenarios.waterfall.certificate import Rules, certify
from simulator.certificate import Certificate
from simulator.composed import Composed, Composition
from simulator.point import RestingPoint, ScenarioEconomy


class ComposedWaterfall(Composed):
    """A clearing house with a default waterfall: payments, defaults, prices, layers and accounts.

    Raises
    ------
    Refused
        If there are several cohorts of members: contributions to the fund are shares of all margin.
    """

    parts = (WaterfallHouse, Members, OutsideInvestors)

    def __init__(self, economy: ScenarioEconomy, dates: Sequence[Mapping[str, object]]) -> None:
        super().__init__(economy, dates)
        cohorts = self.cohorts(Members)
        if len(cohorts) != 1:
            names = ", ".join(cohort.name for cohort in cohorts)
            raise Refused(
                f"a clearing house has one cohort of members; this one has {names or 'none'}:"
                " put all members into one, and those who only buy into OutsideInvestors"
            )

    def certify(self, parameters: Composition, point: RestingPoint) -> Certificate:
        """The certificate of a resting point, from its table of members."""
        (members,) = self.cohorts(Members)
        market = self.market(WaterfallMarket)
        rules = Rules(
            cap=members.assessment_cap,
            recovered=(members.recovered_cash, members.recovered_inflow),
            debts=members.debts,
            greatest=market.paid,
        )
        return certify(point.agents, point.quotes, market.securities, rules)


COMPOSED = ComposedWaterfall
