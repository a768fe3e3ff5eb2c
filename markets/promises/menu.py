r"""Promises backed by collateral, and nothing else.

One asset and cash that can be stored, two states: after *good* news a unit of the asset is worth
:math:`v_G` in cash, after *bad* news :math:`v_B < v_G`. A promise :math:`j` is a credit contract of
:mod:`markets.credit.contract` on that event tree: :math:`A_j` is owed in each state, the collateral
:math:`C_j` (the asset, or cash) is pledged, nothing else can be seized, so that the borrower of one
unit delivers :math:`R_j = \min\{A_j, p\, C_j\}` and keeps the rest of its collateral,
:math:`p\, C_j - R_j`. Buying a promise is lending, or buying protection; selling one is borrowing,
or writing protection.

Sources: Geanakoplos (1997, 2003) as told in Brunnermeier, Eisenbach and Sannikov (survey), section
3.3; delivery of a contract without prepayment at its end: Iraola and Torres-Martinez (SDT 364).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np

from markets.credit.contract import Contract, RealCoupon, collateral_at
from markets.credit.event_tree import EventTree, Node
from markets.instruments import Security
from markets.quote import BoolArray, FloatArray
from markets.refused import Refused

NOW, GOOD, BAD = "now", "good", "bad"
"""Nodes of the tree: where everything is traded, and the two states that follow."""

GOODS = ("cash", "asset")
"""Goods; quotes are in units of cash."""


def news(security: Security) -> EventTree:
    """The event tree: trade at one node, and the asset turns into cash at the two that follow."""
    stays = ((Fraction(1), Fraction(0)), (Fraction(0), Fraction(1)))

    def worth(payoff: float) -> tuple[tuple[Fraction, ...], ...]:
        return ((Fraction(1), Fraction(payoff)), (Fraction(0), Fraction(0)))

    return EventTree(
        nodes=(
            Node("before", None),
            Node(NOW, "before", stays),
            Node(GOOD, NOW, worth(security.high_payoff)),
            Node(BAD, NOW, worth(security.low_payoff)),
        ),
        goods=GOODS,
    )


def loan(amount: float, name: str | None = None) -> Contract:
    """A promise of one amount in both states, against one unit of the asset."""
    return _promise(name or f"loan_{amount:g}", (amount, amount), asset=1.0)


def down_tranche(security: Security) -> Contract:
    """The asset's payoff after bad news, against one unit of it; the issuer keeps the rest."""
    return _promise("down_tranche", (0.0, security.low_payoff), asset=1.0)


def default_swap(security: Security) -> Contract:
    """The shortfall of the asset from its good payoff, against as much cash as may be owed."""
    loss = security.high_payoff - security.low_payoff
    return _promise("default_swap", (0.0, loss), cash=loss)


def owed_in_cash(contract: Contract) -> tuple[float, float]:
    """What a promise owes after good and after bad news."""
    assert isinstance(contract.coupon, RealCoupon)
    good, bad = (float(contract.coupon.bundles[state][0]) for state in (GOOD, BAD))
    return good, bad


def _promise(
    name: str, owed: tuple[float, float], *, asset: float = 0.0, cash: float = 0.0
) -> Contract:
    for amount in owed:
        if not 0.0 <= amount < np.inf:
            raise Refused(f"promise {name}: {amount} is owed; it must be finite, not negative")
    if not any(owed):
        raise Refused(f"promise {name}: nothing is owed in either state")
    return Contract(
        name=name,
        issued_at=NOW,
        collateral=(Fraction(cash), Fraction(asset)),
        coupon=RealCoupon(
            {
                state: (Fraction(amount), Fraction(0))
                for state, amount in zip((GOOD, BAD), owed, strict=True)
            }
        ),
    )


@dataclass(frozen=True, eq=False)
class Menu:
    """An asset and the promises that may be traded beside it; J promises, two states.

    Attributes
    ----------
    security : Security
        The asset: its payoffs after good and after bad news.
    contracts : tuple of Contract
        The promises, least risky first: in the order of how much deliveries differ between the
        states, so that each is valued by traders whose alternative is a promise before it. Of those
        that pay in proportion the ones against the asset come first: the asset limits their number,
        while cash can be pledged for the others until they cost the same in proportion.
    payoff : array (2,)
        The asset's payoff after good and after bad news.
    pledged_asset, pledged_cash : array (J,)
        Collateral of one unit.
    delivery, kept : array (J, 2)
        What one unit delivers after good and bad news, and what is left of its collateral then.
    on_good_news : array of bool (J,)
        Whether it delivers more after good news, so that optimists value it most.

    Raises
    ------
    Refused
        If two promises have one name, or one delivers nothing in either state, or all that is
        pledged in both.
    """

    security: Security
    contracts: tuple[Contract, ...]
    payoff: FloatArray
    pledged_asset: FloatArray
    pledged_cash: FloatArray
    delivery: FloatArray
    kept: FloatArray
    on_good_news: BoolArray

    @classmethod
    def of(cls, security: Security, contracts: Sequence[Contract] = ()) -> Menu:
        """The menu of an asset and some promises, in any order."""
        tree = news(security)
        names = [contract.name for contract in contracts]
        for contract in contracts:
            contract.check(tree)
            if names.count(contract.name) > 1:
                raise Refused(f"promise {contract.name} is named twice; names are distinct")
        rows = [(c, *_deliveries(c, tree)) for c in contracts]
        for contract, delivery, kept in rows:
            if not np.any(delivery > 0.0):
                raise Refused(f"promise {contract.name} delivers nothing in either state")
            if not np.any(kept > 0.0):
                raise Refused(f"promise {contract.name} leaves its issuer nothing")
        rows.sort(
            key=lambda row: (
                abs(_tilt(row[1])), -row[0].collateral[1], row[1].tolist(), row[0].name
            )
        )  # fmt: skip
        delivery = np.array([row[1] for row in rows]).reshape(-1, 2)
        return cls(
            security=security,
            contracts=tuple(row[0] for row in rows),
            payoff=np.array([security.high_payoff, security.low_payoff]),
            pledged_asset=np.array([float(c.collateral[1]) for c, _, _ in rows]),
            pledged_cash=np.array([float(c.collateral[0]) for c, _, _ in rows]),
            delivery=delivery,
            kept=np.array([row[2] for row in rows]).reshape(-1, 2),
            on_good_news=np.array([_tilt(row) > 0.0 for row in delivery], dtype=np.bool_),
        )

    @cached_property
    def rows(self) -> list[tuple[float, float]]:
        """Deliveries after good and bad news, as plain numbers."""
        return [(float(good), float(bad)) for good, bad in self.delivery]

    @cached_property
    def pledged_assets(self) -> list[float]:
        """``pledged_asset`` as plain numbers."""
        pledged: list[float] = self.pledged_asset.tolist()
        return pledged

    @cached_property
    def issuers_indifferent(self) -> tuple[int, ...]:
        """Promises against the asset that leave their issuers nothing after bad news.

        What they do leave is of one kind, so that all issuers agree on which is best.
        """
        nothing = (self.kept[:, 1] == 0.0) & (self.pledged_asset > 0.0)
        return tuple(np.flatnonzero(nothing).tolist())

    @cached_property
    def rivals(self) -> tuple[int, ...]:
        """Those of them to which issuers can switch from one before it in the menu."""
        return self.issuers_indifferent[1:]

    @property
    def states(self) -> tuple[str, ...]:
        """Names of the states."""
        return GOOD, BAD

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the promises."""
        return tuple(contract.name for contract in self.contracts)


def _deliveries(contract: Contract, tree: EventTree) -> tuple[FloatArray, FloatArray]:
    """What a unit delivers after good and bad news, and what is left of its collateral."""
    owed = np.array(owed_in_cash(contract))
    seized = np.array([float(collateral_at(contract, state, tree)[0]) for state in (GOOD, BAD)])
    delivered = np.minimum(owed, seized)
    return delivered, seized - delivered


def _tilt(delivery: FloatArray) -> float:
    """Tilt of a delivery: 1 if it comes only after good news, -1 only after bad, 0 if riskless."""
    good, bad = float(delivery[0]), float(delivery[1])
    return (good - bad) / (good + bad)
