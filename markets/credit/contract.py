r"""Credit contracts on an event tree: collateral, coupons, and the right to prepay.

A borrower of one unit of contract :math:`j` receives :math:`q_j`, holds and consumes the collateral
:math:`C_j`, owes the coupon :math:`A_{\mu,j}` at every later node :math:`\mu` and may close the
debt of a contract of date 0 at date 1 by paying :math:`B_{\xi,j} \ge A_{\xi,j}` or by handing over
the collateral.

Source: Iraola and Torres-Martinez (SDT 364), section 2, "Financial trading rules" and "Examples of
debt contracts and prepayment rules".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from markets.credit.event_tree import Bundle, EventTree
from markets.credit.formula import Formula
from markets.refused import Refused


@dataclass(frozen=True, slots=True)
class RealCoupon:
    r"""A coupon that is the value of a bundle: :math:`A_\mu = p_\mu a_\mu`.

    ``bundles`` gives :math:`a_\mu` by node; a node that is not named pays nothing.
    """

    bundles: Mapping[str, Bundle]


@dataclass(frozen=True, slots=True)
class FixedRateCoupon:
    r"""Two equal payments at a fixed rate, in money or adjusted by a price index.

    Of a contract of date 0, with :math:`d = 1/(1+i)` and the index bundle :math:`a`,
    :math:`A_\mu = \frac{q}{d + d^2} \frac{p_\mu a}{p_0 a}`; of a contract of a date-1 node
    :math:`\xi`, which has one payment, :math:`A_\mu = \frac{q}{d} \frac{p_\mu a}{p_\xi a}`.
    Without an index (``index`` None) the last factor is one: a nominal contract.
    """

    rate: Fraction
    index: Bundle | None = None


@dataclass(frozen=True, slots=True)
class FormulaCoupon:
    r"""Any coupon :math:`A_\mu(p, q, \pi)`, by node; a node that is not named pays nothing."""

    formulas: Mapping[str, Formula]


@dataclass(frozen=True, slots=True)
class RealPrepayment:
    r"""Prepayment by the value of a bundle: :math:`B_\xi = p_\xi b_\xi`, by node of date 1."""

    bundles: Mapping[str, Bundle]


@dataclass(frozen=True, slots=True)
class BackwardPrepayment:
    r"""The unpaid part of the face value at the contract's fixed rate.

    :math:`B_\xi = (1 + i) q \frac{p_\xi a}{p_0 a}`.
    """


@dataclass(frozen=True, slots=True)
class ForwardPrepayment:
    r"""The present value of what is still owed, at given discount factors.

    :math:`B_\xi = A_\xi + \sum_{\mu \in \xi^+} \rho(\mu) A_\mu`, or with what will be delivered,
    :math:`R_\mu = \min(A_\mu, p_\mu C_\mu)`, in place of :math:`A_\mu`.
    """

    discount: Mapping[str, Fraction]
    of: Literal["coupons", "deliveries"] = "coupons"


@dataclass(frozen=True, slots=True)
class FormulaPrepayment:
    r"""Prepayment by a formula at every node of date 1, and never less than the coupon.

    With :math:`f` what the formula says, :math:`B_\xi = \max(A_\xi, f_\xi(p, q, \pi))`, so that
    (A4) holds at all quotes.
    """

    formulas: Mapping[str, Formula]


Coupon = RealCoupon | FixedRateCoupon | FormulaCoupon
Prepayment = RealPrepayment | BackwardPrepayment | ForwardPrepayment | FormulaPrepayment


@dataclass(frozen=True, slots=True)
class Contract:
    """A credit contract.

    Parameters
    ----------
    name : str
        Its name.
    issued_at : str
        The node at which it is issued, at date 0 or 1.
    collateral : Bundle
        Goods that a borrower of one unit must hold when the contract is issued.
    coupon : Coupon
        What is owed at later nodes.
    prepayment : Prepayment or None
        What closes the debt at date 1; of contracts of date 0 only.
    """

    name: str
    issued_at: str
    collateral: Bundle
    coupon: Coupon
    prepayment: Prepayment | None = None

    def check(self, tree: EventTree) -> None:
        """Refuse a contract that does not fit on a tree.

        Raises
        ------
        Refused
            With one sentence that names the contract, the field and what is allowed.
        """
        who = f'contract "{self.name}"'
        if any(mark in self.name for mark in "@[]"):
            raise Refused(f'{who}: a name has no "@", "[" or "]"')
        if self.issued_at not in tree.places:
            raise Refused(f'{who}: issued_at is "{self.issued_at}", which is no node')
        date = tree.date(self.issued_at)
        if date == 2:
            raise Refused(
                f'{who}: issued_at is "{self.issued_at}", a node of date 2; credit is issued at'
                " date 0 or 1"
            )
        if any(part < 0 for part in self.collateral) or not any(self.collateral):
            parts = ", ".join(str(part) for part in self.collateral)
            raise Refused(f"{who}: collateral is {parts}; it has no negative part and is not zero")
        if date == 0 and self.prepayment is None:
            raise Refused(
                f"{who}: prepayment is missing; a contract issued at date 0 has a rule for it"
            )
        if date == 1 and self.prepayment is not None:
            raise Refused(
                f"{who}: prepayment is given; a contract issued at date 1 ends at date 2 and has"
                " none"
            )
        self._check_coupon(tree, who)
        self._check_prepayment(tree, who)

    def _check_coupon(self, tree: EventTree, who: str) -> None:
        coupon = self.coupon
        if isinstance(coupon, FixedRateCoupon):
            if coupon.rate <= -1:
                raise Refused(f"{who}: rate is {coupon.rate}; it must be above -1")
            if coupon.index is not None and not all(part > 0 for part in coupon.index):
                raise Refused(f"{who}: index has a part that is not positive; all must be")
            return
        later = set(tree.after(self.issued_at))
        if self.issued_at == tree.root:
            later |= set(tree.last)
        for node in coupon.bundles if isinstance(coupon, RealCoupon) else coupon.formulas:
            if node not in tree.places:
                raise Refused(f'{who}: coupon names "{node}", which is no node')
            if node not in later:
                raise Refused(
                    f'{who}: coupon names "{node}", which does not follow "{self.issued_at}"'
                )
        if isinstance(coupon, RealCoupon):
            for node, bundle in coupon.bundles.items():
                _not_negative(bundle, f'{who}: coupon at "{node}"')

    def _check_prepayment(self, tree: EventTree, who: str) -> None:
        rule = self.prepayment
        if isinstance(rule, RealPrepayment):
            _at_every_middle(rule.bundles, tree, who)
            for node, bundle in rule.bundles.items():
                _not_negative(bundle, f'{who}: prepayment at "{node}"')
            if not isinstance(self.coupon, RealCoupon):
                raise Refused(
                    f"{who}: prepayment is real while the coupon is not, so that it could fall"
                    " below the coupon; use backward, forward, or a formula"
                )
            for node in tree.middle:
                self._not_below_coupon(rule.bundles[node], node, who)
        elif isinstance(rule, FormulaPrepayment):
            _at_every_middle(rule.formulas, tree, who)
        elif isinstance(rule, BackwardPrepayment):
            if not isinstance(self.coupon, FixedRateCoupon):
                raise Refused(
                    f"{who}: prepayment is backward, which needs a coupon with a fixed rate"
                )
        elif isinstance(rule, ForwardPrepayment):
            for node in tree.last:
                if rule.discount.get(node, Fraction(0)) <= 0:
                    raise Refused(
                        f'{who}: discount at "{node}" is missing or not positive; every node of'
                        " date 2 has a positive one"
                    )

    def _not_below_coupon(self, bundle: Bundle, node: str, who: str) -> None:
        assert isinstance(self.coupon, RealCoupon)
        coupon = self.coupon.bundles.get(node, (Fraction(0),) * len(bundle))
        if any(b < a for b, a in zip(bundle, coupon, strict=True)):
            cost, owed = (", ".join(str(part) for part in parts) for parts in (bundle, coupon))
            raise Refused(
                f'{who}: prepayment at "{node}" is {cost}, below the coupon of {owed}; it'
                " must be at least the coupon"
            )


def collateral_at(contract: Contract, node: str, tree: EventTree) -> Bundle:
    """What the collateral of one unit has become at a node after its issue."""
    path = [node]
    while tree.before(path[-1]) != contract.issued_at:
        path.append(tree.before(path[-1]))
    bundle = contract.collateral
    for step in reversed(path):
        bundle = tree.become(bundle, step)
    return bundle


def _at_every_middle(by_node: Mapping[str, object], tree: EventTree, who: str) -> None:
    """Refuse a rule for prepayment that is not given at the nodes of date 1, and only there."""
    for node in by_node:
        if node not in tree.middle:
            raise Refused(f'{who}: prepayment names "{node}", no node of date 1')
    for node in tree.middle:
        if node not in by_node:
            raise Refused(
                f'{who}: prepayment is missing at "{node}"; it is given at every node of date 1'
            )


def _not_negative(bundle: Bundle, what: str) -> None:
    for part in bundle:
        if part < 0:
            raise Refused(f"{what} is {part}; it must not be negative")
