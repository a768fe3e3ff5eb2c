"""What an equilibrium of composed economies with promises backed by collateral is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from agents.beliefs import Beliefs
from agents.cohort import Population
from agents.promises.believers import Believers
from agents.promises.clearing_house import CollateralClearingHouse
from agents.promises.state_believers import StateBelievers
from agents.promises.state_continuum import StateContinuum
from markets.promises.menu import Menu
from markets.promises.state_menu import StateMenu
from markets.quote import FloatArray
from markets.refused import Refused
from scenarios.promises.certificate import certify
from scenarios.promises.intervals import kinks, untraded
from scenarios.promises.program import promises_of
from scenarios.promises.refined import refined
from scenarios.promises.refined_line import refined_line
from scenarios.promises.states_certificate import certify_states
from simulator.certificate import Certificate
from simulator.composed import Composed, Composition
from simulator.point import RestingPoint, ScenarioEconomy
from simulator.population.counted import number_below_by_cohort


class ComposedPromises(Composed):
    """Collateral equilibrium: every trader's linear program, collateral, markets, deliveries.

    Traders who tremble approach an equilibrium, which is worked out from where they rest.

    Raises
    ------
    Refused
        If a continuum trembles beside another cohort: what it approaches is known for it alone.
    """

    parts = (CollateralClearingHouse, Believers, StateBelievers)

    def __init__(self, economy: ScenarioEconomy, dates: Sequence[Mapping[str, object]]) -> None:
        super().__init__(economy, dates)
        self.continuum = next(iter(self.cohorts(StateContinuum)), None)
        if self.continuum is not None and len(economy.cohorts) > 1:
            raise Refused(
                f"{self.continuum.name} is a continuum that trembles beside other cohorts; it can"
                " only be certified alone: make it Believers, or StateBelievers"
            )

    @property
    def menu(self) -> Menu | StateMenu:
        """What can be traded at this date."""
        menu = self.economy.terms
        assert isinstance(menu, Menu | StateMenu)
        return menu

    def refine(self, parameters: Composition, point: RestingPoint) -> RestingPoint:
        """The equilibrium without trembles."""
        menu, promises = self.menu, promises_of(self.menu)
        if isinstance(menu, Menu) or not len(point.agents):
            return point
        if self.continuum is not None:
            beliefs = self.continuum.beliefs
            return refined_line(point, payoff=menu.payoff, promises=promises, beliefs=beliefs)
        return refined(
            point,
            payoff=menu.payoff,
            promises=promises,
            weights=self._weights(),
            storable=menu.storable,
        )

    def certify(self, parameters: Composition, point: RestingPoint) -> Certificate:
        """The certificate of a resting point, from its table of positions."""
        conditions = self._equilibrium(point).conditions
        return Certificate((*conditions, self.approached(point)))

    def _equilibrium(self, point: RestingPoint) -> Certificate:
        """Every condition of the equilibrium."""
        menu, promises = self.menu, promises_of(self.menu)
        if isinstance(menu, StateMenu) and self.continuum is None:
            return certify_states(
                point, promises, menu.payoff, self._weights(), storable=menu.storable
            )
        good, bad = menu.payoff.tolist()
        return certify(
            agents=point.agents,
            quotes=point.quotes,
            payoff=(good, bad),
            promises=promises,
            below=self._below(point) if point.complete else None,
            complete=point.complete,
        )

    def intervals(
        self, parameters: Composition, point: RestingPoint
    ) -> Mapping[str, tuple[float, float]]:
        """Prices at which nobody trades the promises that nobody trades.

        Not where beliefs are listed one by one beside the line of beliefs.
        """
        menu, promises = self.menu, promises_of(self.menu)
        believers = self.cohorts(Believers)
        if any(cohort.beliefs.values is not None for cohort in believers):
            return {}
        storable = isinstance(menu, Menu) or menu.storable
        if believers or self.continuum is not None:
            weights = kinks(point, promises, menu.payoff)
        else:
            owned = point.agents["endowed_cash"] + point.agents["endowed_asset"]
            weights = self._weights()[owned.to_numpy(float) > 0.0]
        return untraded(point, promises, menu.payoff, weights, storable=storable)

    def _weights(self) -> FloatArray:
        """Utility of consumption now and in every state, one row per trader."""
        return np.vstack([cohort.weights for cohort in self.cohorts(StateBelievers)])

    def _below(self, point: RestingPoint) -> FloatArray:
        """Number of traders of its cohort who should be below both ends of every row."""
        lines: list[tuple[str, Beliefs, int, Population]] = [
            (c.name, c.beliefs, c.members, c.population) for c in self.cohorts(Believers)
        ]
        lines += [(c.name, c.beliefs, c.members, "continuum") for c in self.cohorts(StateContinuum)]
        return number_below_by_cohort(lines, point.agents)


COMPOSED = ComposedPromises
