"""What both scenarios say of a resting point: its certificate, how it counts, untraded bonds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from scenarios.bankruptcy.default_certificate import certify_either
from scenarios.bankruptcy.default_state import read_either, without_trade
from scenarios.bankruptcy.economy import BondParameters
from scenarios.bankruptcy.state import State
from scenarios.bankruptcy.untraded import interval_of_bond_prices
from simulator.certificate import Certificate
from simulator.outcome import Ending
from simulator.point import RestingPoint
from simulator.scenario import Scenario

B = TypeVar("B", bound=BondParameters)
"""The parameters of one of the scenarios."""


def state_of(parameters: BondParameters, point: RestingPoint) -> State:
    """A resting point as arrays."""
    return read_either(parameters.instruments, parameters.limit, point)


class BondScenario(Scenario[B]):
    """Base of the scenarios with a bond that may not be repaid."""

    def certify(self, parameters: B, point: RestingPoint) -> Certificate:
        """The certificate of a resting point, from quotes and the table of members."""
        return certify_either(state_of(parameters, point), complete=point.complete)

    def judge(self, parameters: B, point: RestingPoint) -> Ending:
        """An equilibrium, unless debtors choose what they deliver and nobody lends to them."""
        return without_trade(state_of(parameters, point)) or super().judge(parameters, point)

    def intervals(self, parameters: B, point: RestingPoint) -> Mapping[str, tuple[float, float]]:
        """Prices at which nobody would trade a bond that nobody trades."""
        if not (len(point.agents) and point.complete):
            return {}
        interval = interval_of_bond_prices(state_of(parameters, point))
        return {} if interval is None else {"bond_price": interval}
