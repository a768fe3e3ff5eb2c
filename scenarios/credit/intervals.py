r"""Intervals of quotes at which nobody wants to trade a contract that nobody trades.

Where nobody trades a contract its price is not determined: any price will do that is at least what
every lender would pay at most, at most what every borrower would take at least, and at most the
value of the collateral, :math:`q \le pC`. The same holds for the resale price of its security. All
other quotes, and all plans, stay as they are. Unit payments belong to the contract: those of a
contract of date 1 are what is delivered, and where holders of an empty pool expect what a vanishing
borrower would deliver, they go on to expect it.

Source: Iraola and Torres-Martinez (SDT 364), section 2, definition of equilibrium.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from math import inf

import numpy as np

from markets.credit.contract import Contract, FixedRateCoupon, FormulaCoupon, FormulaPrepayment
from scenarios.credit import exact
from scenarios.credit.active_set import AT_FLOOR
from scenarios.credit.certificate import plans_of, utility_gains
from scenarios.credit.primitives import CreditEconomy, Household
from scenarios.credit.program import Program, Row, Variable, program
from scenarios.credit.reservation import Ends, Held
from scenarios.credit.terms import Terms, terms_at
from simulator.point import RestingPoint
from simulator.proof.algebraic import Exact

USED = 1e-7
"""Amounts up to this share of the largest endowment count as zero where they are not proved."""

PRECISION = 1e-10
"""Share of the collateral's value to which an end is found where terms move with the quote."""

LOOKS = 4
"""Prices between the one at rest and the farthest at which an end is looked for first."""

MOST_HOUSEHOLDS = 50
"""Households up to which intervals are worked out where terms move with the quote: each takes a
linear program at some twenty quotes."""

WITHIN = 1e-10
"""Violation of a constraint, as a share of the collateral's value, beyond that at rest that is
none."""


class Rest:
    """A resting point, in exact numbers where it is proved.

    Parameters
    ----------
    economy : CreditEconomy
        The economy.
    point : RestingPoint
        Where it came to rest.
    """

    def __init__(self, economy: CreditEconomy, point: RestingPoint) -> None:
        self.economy, self.exact = economy, exact.is_proof(point.proof)
        self.quotes: dict[str, Exact] = {n: Fraction(v) for n, v in point.quotes.items()}
        self.plans: dict[str, dict[Variable, Exact]] = {
            name: {v: Fraction(amount) for v, amount in plan.items()}
            for name, plan in plans_of(point.agents).items()
        }
        if exact.is_proof(point.proof):
            proved = exact.read(economy, point.proof)
            self.quotes, self.plans = dict(proved.quotes), proved.plans
        endowments = (a for h in economy.households for row in h.endowment for a in row)
        self.least = Fraction(0) if self.exact else Fraction(USED) * max(endowments)
        self.terms = terms_at(economy, self.quotes)

    def traded(self, contract: Contract) -> bool:
        """Whether anybody holds or owes any of a contract."""
        parts = (("lent", contract.issued_at, contract.name), ("borrowed", *_place(contract)))
        return any(plan[v] > self.least for plan in self.plans.values() for v in parts)

    def held(self, problem: Program, household: Household) -> Held:
        """A household's plan, at what contracts ask for in ``problem``."""
        plan = self.plans[household.name]
        if household.linear:
            gains = problem.linear_gains(household)
        else:
            amounts = {v: float(amount) for v, amount in plan.items()}
            worth = utility_gains(problem, household, amounts)
            gains = dict(zip(problem.columns, map(Fraction, worth.tolist()), strict=True))
        root = self.economy.tree.root
        slack = {
            row
            for row in problem.rows
            if row[0] == "debt"
            and plan["borrowed", root, row[2]]
            - plan["kept", row[1], row[2]]
            - plan["prepaid", row[1], row[2]]
            > self.least
        }
        used = frozenset(v for v in problem.columns if plan[v] > self.least)
        return Held(problem.columns, gains, used, frozenset(slack), self.exact)


def intervals(economy: CreditEconomy, point: RestingPoint) -> dict[str, Ends]:
    """The interval of the price, and of each resale price, of every contract nobody trades.

    Ends are exact numbers where the point is proved and terms do not move with the quote.
    """
    rest = Rest(economy, point)
    found: dict[str, Ends] = {}
    for contract in economy.contracts:
        if rest.traded(contract):
            continue
        name, issue = _place(contract)[::-1]
        lent, borrowed = ("lent", issue, name), ("borrowed", issue, name)
        quote = f"price[{name}@{issue}]"
        pledged = _pledged(rest, contract)
        ends = _interval(rest, contract, quote, issue, {lent: 1, borrowed: -1}, pledged)
        if ends is not None:
            found[quote] = ends
        for node in economy.tree.middle if contract in economy.first_contracts else ():
            quote, held = f"resale[{name}@{node}]", ("held after resale", node, name)
            ends = _interval(rest, contract, quote, node, {held: 1, lent: -1}, inf)
            if ends is not None:
                found[quote] = ends
    return found


def _place(contract: Contract) -> tuple[str, str]:
    return contract.issued_at, contract.name


def _interval(
    rest: Rest,
    contract: Contract,
    quote: str,
    node: str,
    signs: Mapping[Variable, int],
    most: Exact | float,
) -> Ends | None:
    """The interval of one quote, which stands in the budget of a node with the given signs."""
    anchor: Row = ("budget", node)

    def at(value: Exact) -> list[Held]:
        """All plans, on the terms that hold at a value of the quote."""
        terms = _terms(rest, contract, {**rest.quotes, quote: value})
        problem = program(rest.economy, terms)
        for variable, sign in signs.items():
            problem.columns[variable][anchor] -= sign * value
        return [rest.held(problem, household) for household in rest.economy.households]

    value, pledged = rest.quotes[quote], _pledged(rest, contract)
    plans = at(value)
    if not _moves(rest.economy, quote):
        each = [held.between(anchor, signs) for held in plans]
        ends = [pair for pair in each if pair is not None]
        if len(ends) < len(each):
            return None
        return max(low for low, _ in ends), min([high for _, high in ends] + [most])
    if len(plans) > MOST_HOUSEHOLDS:
        return None
    here, size = float(value), float(pledged)
    rooms = [held.missed(anchor, signs, here) + WITHIN * size for held in plans]
    if inf in rooms:
        return None

    def excess(price: float) -> float:
        """By how much plans miss being optimal at a price, beyond what they miss at rest."""
        pairs = zip(at(Fraction(price)), rooms, strict=True)
        return max(held.missed(anchor, signs, price) - room for held, room in pairs)

    far = 2.0 * max(here, size) if most == inf else float(most)
    low, high = (_end(excess, here, to, PRECISION * size) for to in (0.0, far))
    return low, inf if high == far and most == inf else high


def _pledged(rest: Rest, contract: Contract) -> Exact:
    """What the collateral of one unit is worth at issue."""
    return rest.terms.margin(contract) + rest.terms.price[contract.name]


def _end(excess: Callable[[float], float], here: float, far: float, within: float) -> float:
    """The last quote from ``here`` towards ``far`` at which nobody trades.

    Beyond it the excess grows almost linearly, so that two quotes there tell where it begins: of
    three quotes tried, one lies on either side of that, and one in the middle.
    """
    inside = outside = here
    beyond = 0.0
    for step in range(1, LOOKS + 1):
        outside = here + (far - here) * step / LOOKS
        beyond = excess(outside)
        if beyond > 0.0:
            break
        inside = outside
    if inside == outside:
        return inside
    before, turn, side = (outside, inf), 0, 0.4 * within * float(np.sign(far - here))
    while abs(outside - inside) > within:
        tried = 0.5 * (inside + outside)
        if turn % 3 and beyond < before[1] < inf:
            slope = (before[1] - beyond) / (before[0] - outside)
            guess = outside - beyond / slope + (side if turn % 3 == 1 else -side)
            if min(inside, outside) < guess < max(inside, outside):
                tried = guess
        found, turn = excess(tried), turn + 1
        if found > 0.0:
            before, outside, beyond = (outside, beyond), tried, found
        else:
            inside = tried
    return inside


def _moves(economy: CreditEconomy, quote: str) -> bool:
    """Whether what some contract asks for depends on a quote of a contract."""
    kind, _, place = quote.partition("[")
    named = ("q" if kind == "price" else "pi", place.partition("@")[0])
    for contract in economy.contracts:
        if isinstance(contract.coupon, FixedRateCoupon) and named == ("q", contract.name):
            return True
        for rule in (contract.coupon, contract.prepayment):
            if isinstance(rule, FormulaCoupon | FormulaPrepayment):
                quoted = (each for f in rule.formulas.values() for each in f.quoted())
                if any((each.kind, each.name) == named for each in quoted):
                    return True
    return False


def _terms(rest: Rest, contract: Contract, quotes: Mapping[str, Exact]) -> Terms:
    """What contracts ask for at quotes; payments of an empty pool that was trusted follow."""
    terms, before = terms_at(rest.economy, quotes), rest.terms
    name, payment = contract.name, dict(terms.payment)
    for node in rest.economy.later_nodes(contract):
        trusted = abs(float(before.floor(name, node) - before.payment[name, node])) <= AT_FLOOR
        if trusted:
            payment[name, node] = terms.floor(name, node)
    return replace(terms, payment=payment)
