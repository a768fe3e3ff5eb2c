"""What an economy with credit on an event tree consists of: tree, contracts and households."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from markets.credit.contract import Contract
from markets.credit.event_tree import Bundle, EventTree
from markets.quote import FloatArray


@dataclass(frozen=True, slots=True)
class Household:
    r"""A household: what it receives and what it likes, one row per node, one entry per good.

    Utility is :math:`\sum_k w_k c_k^{1-\rho_k} / (1-\rho_k)` over nodes and goods, with a relative
    risk aversion :math:`\rho_k` by good: linear where it is 0, logarithmic where it is 1.
    """

    name: str
    endowment: tuple[Bundle, ...]
    weights: tuple[Bundle, ...]
    risk_aversion: Bundle

    @property
    def linear(self) -> bool:
        """Whether utility is linear in all goods that are liked."""
        by_good = zip(self.risk_aversion, zip(*self.weights, strict=True), strict=True)
        return all(aversion == 0 or not any(weights) for aversion, weights in by_good)


@dataclass(frozen=True, slots=True)
class CreditEconomy:
    """An economy with collateralised credit on an event tree."""

    tree: EventTree
    contracts: tuple[Contract, ...]
    households: tuple[Household, ...]

    @property
    def linear(self) -> bool:
        """Whether all utilities are linear, so that optimality has an exact proof."""
        return all(household.linear for household in self.households)

    @property
    def first_contracts(self) -> tuple[Contract, ...]:
        """The contracts of date 0."""
        return tuple(c for c in self.contracts if c.issued_at == self.tree.root)

    def later_nodes(self, contract: Contract) -> tuple[str, ...]:
        """Nodes at which a contract is still alive after its issue."""
        after = self.tree.after(contract.issued_at)
        return (*after, *self.tree.last) if contract.issued_at == self.tree.root else after


def wealth(economy: CreditEconomy) -> FloatArray:
    """What each household has at each node if nobody trades, (H, D, L)."""
    own = np.array([h.endowment for h in economy.households], dtype=np.float64)
    return economy.tree.autarky(own)
