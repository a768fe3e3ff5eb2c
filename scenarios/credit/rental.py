r"""Who would rent and who would let goods, if a node of an equilibrium had a market for it.

A tenant pays the rent :math:`r` for a unit of a good, consumes it at the node, and gives it back. A
landlord buys the unit, receives the rent, consumes none of it, and has a share :math:`y` of it at
the nodes that follow; :math:`y` may be less than what is left of a unit that its owner consumes. In
terms of the programs of :mod:`scenarios.credit.program` these are two more parts of a plan,

.. math:: \text{rented: } r \text{ at } \xi, \text{ utility of a unit}; \qquad
          \text{let: } p_\xi - r \text{ at } \xi, \; -y\, p_\mu \text{ at } \mu \in \xi^+ .

Where every household's plan stays optimal with both, the equilibrium without the market is one of
the economy with it, in which nobody rents.

Source: Iraola and Torres-Martinez (SDT 364), remark after the example of section 3.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import pandas as pd

from markets.credit.event_tree import EventTree
from markets.refused import Refused
from scenarios.credit.entries import Entry, allow, need, number
from scenarios.credit.intervals import Rest
from scenarios.credit.primitives import CreditEconomy
from scenarios.credit.program import Row, Variable, program
from simulator.point import RestingPoint
from simulator.proof.algebraic import Exact

COLUMNS = (
    "case",
    "household",
    "node",
    "rent",
    "most_paid",
    "least_taken",
    "rents",
    "lets",
    "return_on_letting",
    "return_on_security",
)


@dataclass(frozen=True, slots=True)
class Rental:
    """A rental contract.

    Parameters
    ----------
    node : str
        Where it is offered, before date 2.
    good : str
        What is rented.
    rent : Fraction
        The rent of a unit, in units of the first good.
    keeps : Fraction
        What a unit that is let leaves at each node that follows.
    """

    node: str
    good: str
    rent: Fraction
    keeps: Fraction


def read_rental(entry: Entry, tree: EventTree) -> Rental:
    """The rental contract that a table describes.

    Raises
    ------
    Refused
        With the key, what is there, and what is allowed.
    """
    allow(entry, ("node", "good", "rent", "keeps"), "rental")
    node, good = str(need(entry, "node")), str(entry.get("good", tree.goods[0]))
    open_at = (tree.root, *tree.middle)
    if node not in open_at:
        raise Refused(f'rental: node is "{node}"; it may be one of {", ".join(open_at)}')
    if good not in tree.goods:
        raise Refused(f'rental: good is "{good}"; goods are {", ".join(tree.goods)}')
    rent, keeps = (number(need(entry, key), f"rental: {key}") for key in ("rent", "keeps"))
    for key, value in (("rent", rent), ("keeps", keeps)):
        if value < 0:
            raise Refused(f"rental: {key} is {value}; it must not be negative")
    return Rental(node, good, rent, keeps)


def reservation_rents(
    economy: CreditEconomy, point: RestingPoint, rental: Rental
) -> dict[str, tuple[Exact | float, Exact | float]]:
    """By household, the rent below which it would rent, and the rent above which it would let.

    In exact numbers where the point is proved; the rent of the contract plays no part.
    """
    rest = Rest(economy, point)
    problem = program(economy, rest.terms)
    place = economy.tree.goods.index(rental.good)
    rented: Variable = ("rented", rental.node, rental.good)
    let: Variable = ("let", rental.node, rental.good)
    here: Row = ("budget", rental.node)
    costs: dict[Row, Exact] = {here: rest.terms.goods[rental.node][place]}
    for after in economy.tree.after(rental.node):
        costs["budget", after] = -rental.keeps * rest.terms.goods[after][place]
    eaten = problem.consumed["consumed freely", rental.node, rental.good]
    added: dict[Variable, dict[Row, Exact]] = {rented: {here: Fraction(0)}, let: costs}
    wider = replace(
        problem,
        columns=problem.columns | added,
        consumed=problem.consumed | {rented: eaten, let: {}},
    )
    rents = {}
    for household in economy.households:
        plan = rest.plans[household.name]
        rest.plans[household.name] = {**plan, rented: Fraction(0), let: Fraction(0)}
        ends = rest.held(wider, household).between(here, {rented: 1, let: -1})
        if ends is not None:
            rents[household.name] = ends
    return rents


def rental_market(economy: CreditEconomy, point: RestingPoint, rental: Rental) -> pd.DataFrame:
    """Who would rent and who would let at a rent, in an equilibrium without the market.

    Returns
    -------
    pandas.DataFrame
        One row per household: ``most_paid`` and ``least_taken``, the rents below which it would
        rent and above which it would let; ``rents`` and ``lets``, whether it would at the rent; and
        ``return_on_letting`` y p / (p - r) beside ``return_on_security``, the best return of a
        security held after resale (not a number where several nodes follow).
    """
    rest = Rest(economy, point)
    later = economy.tree.after(rental.node)
    letting = security = float("nan")
    if len(later) == 1:
        place = economy.tree.goods.index(rental.good)
        outlay = rest.terms.goods[rental.node][place] - rental.rent
        left = rental.keeps * rest.terms.goods[later[0]][place]
        letting = float(left / outlay) if outlay > 0 else np.inf
        returns = [
            rest.terms.payment[contract.name, later[0]] / price
            for contract in economy.first_contracts
            if (price := rest.terms.resale[contract.name, rental.node]) > 0
        ]
        security = max(map(float, returns), default=float("nan"))
    rows = [
        (point.case, name, rental.node, float(rental.rent), float(low), float(high),
         bool(rental.rent < low), bool(rental.rent > high), letting, security)
        for name, (low, high) in reservation_rents(economy, point, rental).items()
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS))
