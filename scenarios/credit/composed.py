"""What an equilibrium of composed economies with credit on an event tree is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from agents.credit.clearing_house import CreditPool
from agents.credit.households import Households
from markets.credit.market import CreditMarket
from markets.quote import FloatArray
from markets.refused import Refused
from scenarios.credit.certificate import certify
from scenarios.credit.intervals import intervals
from scenarios.credit.primitives import CreditEconomy, Household
from scenarios.credit.read_out import judged
from scenarios.credit.refinement import refined
from simulator.certificate import Certificate
from simulator.composed import Composed, Composition
from simulator.outcome import Ending
from simulator.point import RestingPoint, ScenarioEconomy


class ComposedCredit(Composed):
    """Credit on an event tree: every household's program, the markets, the pools.

    With linear utilities the resting point comes with a proof, as in the scenarios.

    Raises
    ------
    Refused
        If two households have one name: the table of plans could not tell them apart.
    """

    parts = (CreditPool, Households)

    def __init__(self, economy: ScenarioEconomy, dates: Sequence[Mapping[str, object]]) -> None:
        super().__init__(economy, dates)
        households = [home for cohort in self.cohorts(Households) for home in _members(cohort)]
        names = [household.name for household in households]
        for name in names:
            if names.count(name) > 1:
                raise Refused(f'household "{name}" is named twice; names are distinct')
        market = self.market(CreditMarket)
        self.primitives = CreditEconomy(market.tree, market.contracts, tuple(households))

    def refine(self, parameters: Composition, point: RestingPoint) -> RestingPoint:
        """The exact equilibrium that the rounds approach, where it can be proved."""
        return refined(self.primitives, point) if len(point.agents) else point

    def certify(self, parameters: Composition, point: RestingPoint) -> Certificate:
        """The certificate of a resting point, from its proof or its tables."""
        conditions = certify(self.primitives, point).conditions
        return Certificate((*conditions, self.approached(point)))

    def judge(self, parameters: Composition, point: RestingPoint) -> Ending:
        """No trade, where an empty pool is distrusted; cleared otherwise."""
        return judged(self.primitives, point)

    def intervals(
        self, parameters: Composition, point: RestingPoint
    ) -> Mapping[str, tuple[float, float]]:
        """Prices, and resale prices, at which nobody would trade what nobody trades."""
        found = intervals(self.primitives, point)
        return {name: (float(low), float(high)) for name, (low, high) in found.items()}


def _members(cohort: Households) -> Sequence[Household]:
    """The members of a cohort."""
    shape = cohort.endowment.shape
    weights, aversion = (
        part.reshape(shape) for part in (cohort.tastes.weights, cohort.tastes.aversion)
    )
    return [
        Household(name, _rows(endowment), _rows(weight), _exact(averse[0]))
        for name, endowment, weight, averse in zip(
            cohort.households, cohort.endowment, weights, aversion, strict=True
        )
    ]


def _rows(table: FloatArray) -> tuple[tuple[Fraction, ...], ...]:
    return tuple(_exact(row) for row in table)


def _exact(row: FloatArray) -> tuple[Fraction, ...]:
    """Numbers as they are written: 0.1 is a tenth."""
    return tuple(Fraction(repr(float(number))) for number in row)


COMPOSED = ComposedCredit
