"""What an equilibrium of composed economies with a bond that may not be repaid is."""

from __future__ import annotations

from collections.abc import Mapping

from agents.bankruptcy.clearing_house import BankruptcyClearingHouse
from agents.bankruptcy.investors import Investors
from markets.bankruptcy.market import BondMarket
from scenarios.bankruptcy.default_certificate import certify_either
from scenarios.bankruptcy.default_state import read_either, without_trade
from scenarios.bankruptcy.state import State
from scenarios.bankruptcy.untraded import interval_of_bond_prices
from simulator.certificate import Certificate
from simulator.composed import Composed, Composition
from simulator.outcome import Ending
from simulator.point import RestingPoint


class ComposedBonds(Composed):
    """Bankruptcy, or default by choice: every member's program, clearing, repayment rates."""

    parts = (BankruptcyClearingHouse, Investors)

    def certify(self, parameters: Composition, point: RestingPoint) -> Certificate:
        """The certificate at the short limit that was announced."""
        return certify_either(self._state(point), complete=point.complete)

    def judge(self, parameters: Composition, point: RestingPoint) -> Ending:
        """An equilibrium, unless debtors choose what they deliver and nobody lends to them."""
        return without_trade(self._state(point)) or super().judge(parameters, point)

    def intervals(
        self, parameters: Composition, point: RestingPoint
    ) -> Mapping[str, tuple[float, float]]:
        """Prices at which nobody would trade a bond that nobody trades."""
        interval = interval_of_bond_prices(self._state(point)) if point.complete else None
        return {} if interval is None else {"bond_price": interval}

    def _state(self, point: RestingPoint) -> State:
        limit = self.house(BankruptcyClearingHouse).short_limit
        return read_either(self.market(BondMarket).instruments, limit, point)


COMPOSED = ComposedBonds
