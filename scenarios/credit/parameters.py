"""Parameters of every scenario with credit on an event tree, and the default economy."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from pydantic import model_validator

from agents.credit.households import INERTIA
from markets.adjustment.rules import RuleName
from scenarios.credit.members import COLUMNS, Entry, expanded
from scenarios.credit.primitives import CreditEconomy
from scenarios.credit.reading import read
from scenarios.credit.rental import Rental, read_rental
from simulator.parameters import Parameters, about, rule_parameter
from simulator.population.given_cohort import GivenCohort, cohort_parameter, draws

GOODS = ["good"]

NODES: list[Entry] = [
    {"name": "0"},
    {"name": "u", "after": "0", "keeps": "9/10"},
    {"name": "d", "after": "0", "keeps": "1/2"},
    {"name": "u+", "after": "u", "keeps": "4/5"},
    {"name": "d+", "after": "d", "keeps": "4/5"},
]

CONTRACTS: list[Entry] = [
    {
        "name": "j0",
        "issued_at": "0",
        "collateral": 1,
        "coupon": {"kind": "real", "pays": dict.fromkeys(("u", "d", "u+", "d+"), "3/10")},
        "prepayment": {"kind": "real", "costs": {"u": "9/20", "d": "9/20"}},
    },
    {
        "name": "ju",
        "issued_at": "u",
        "collateral": 1,
        "coupon": {"kind": "real", "pays": {"u+": "1/2"}},
    },
]

HOUSEHOLDS: list[Entry] = [
    {
        "name": "P",
        "endowment": {"0": 2, "u": 1, "d": 1, "u+": "1/2", "d+": "1/2"},
        "weights": {"0": 1, "u": "1/2", "d": "1/2", "u+": "1/2", "d+": "1/2"},
        "risk_aversion": 1,
    },
    {
        "name": "Q",
        "endowment": {"0": 1, "u": "3/2", "d": "4/5", "u+": "3/2", "d+": 1},
        "weights": {"0": 1, "u": "3/10", "d": "3/10", "u+": "3/20", "d+": "3/20"},
        "risk_aversion": 1,
    },
]


MAX_ROUNDS = 5_000
"""Traders with inertia need more rounds than traders without, and each round is cheap."""

AUCTION_AFTER = 500
"""Rounds after which most economies have settled; what is left may need an auction."""

_ABOUT = {
    "goods": (
        "names of the goods; prices are in units of the first",
        "a list of different names",
    ),
    "nodes": (
        "the event tree: name, after (the predecessor), keeps (what a unit becomes)",
        "a list of tables",
    ),
    "contracts": (
        "credit contracts: name, issued_at, collateral, coupon, prepayment",
        "a list of tables",
    ),
    "households": (
        "households: name, endowment and weights by node, risk_aversion",
        "a list of tables",
    ),
}


def economy_part(name: str, default: object) -> Any:
    """Declare one part of an economy, with a scenario's own default."""
    meaning, allowed = _ABOUT[name]
    return about(meaning, allowed=allowed, default=default)


def inertia_parameter(default: float) -> Any:
    """Declare the households' inertia, with a scenario's own default."""
    return about(
        "how far a return of 100% on its price moves a part of a household's plan in a round",
        "share of wealth",
        default=default,
        gt=0.0,
    )


MEMORY = 40
"""Rounds of which weighted averages are taken."""


def rental_parameter(default: Entry) -> Any:
    """Declare a rental contract, with a scenario's own default."""
    return about(
        "a rental contract, for the table of who would use it where the markets came to rest: the"
        " node, the rent of a unit, and what a unit that is let leaves at the nodes that follow",
        allowed="a table with node, rent, keeps and, if there are several, good; empty for none",
        default=default,
    )


class CreditTree(Parameters):
    """Parameters of every scenario with credit on an event tree."""

    rule: RuleName = rule_parameter("extrapolated")
    max_rounds: int = about(
        "rounds at one date before the run gives up", "rounds", default=MAX_ROUNDS, ge=1
    )
    pools: Literal["trusted", "distrusted"] = about(
        "what holders expect of an empty pool: what a vanishing borrower would deliver, or what"
        " they expected before",
        default="trusted",
    )
    start: str | list[float] | dict[str, float] = about(
        "first quotes: half of the collateral's value is lent and coupons are paid; drawn from a"
        " wide range by the seed; nobody lends or expects any payment; or given by name",
        "", '"primitives", "random", "pessimistic", a list or a table of quotes',
        default="primitives",
    )  # fmt: skip
    inertia: float = inertia_parameter(INERTIA)
    memory: int = about(
        "past rounds of which everybody takes a weighted average every few rounds; 0 for none",
        "rounds",
        default=MEMORY,
        ge=0,
    )
    auction_after: int = about(
        "rounds after which, and again each time their number has doubled, all quotes are sought"
        " at once in a call auction; 0 for never",
        "rounds",
        default=AUCTION_AFTER,
        ge=0,
    )
    goods: list[str] = economy_part("goods", GOODS)
    nodes: list[Entry] = economy_part("nodes", NODES)
    contracts: list[Entry] = economy_part("contracts", CONTRACTS)
    households: list[Entry] = economy_part("households", HOUSEHOLDS)
    members: GivenCohort = cohort_parameter(
        'households that take the place of those in "households",', COLUMNS
    )
    rental: Entry = rental_parameter({})

    @model_validator(mode="after")
    def _economy(self) -> CreditTree:
        """Refuse what is no economy, and a rental contract that does not fit on it."""
        for economy in self.economies(self.households).values():
            self.rental_contract(economy)
        if not self.drawn:
            self.economies()
        return self

    @property
    def drawn(self) -> bool:
        """Whether something of the households is drawn at random."""
        return draws(self.members)

    def rental_contract(self, economy: CreditEconomy) -> Rental | None:
        """The rental contract, if there is one."""
        return read_rental(self.rental, economy.tree) if self.rental else None

    def entries(self, rng: np.random.Generator) -> list[Entry]:
        """Households as a file would write them down: the parameters', or given or drawn ones.

        Raises
        ------
        Refused
            If they can't be used, with row and column.
        """
        if self.members is None:
            return self.households
        types = read(self.goods, self.nodes, self.contracts, self.households)
        return expanded(self.members, types.tree, types.households, rng, drawn=self.drawn)

    def economies(self, households: list[Entry] | None = None) -> dict[str, CreditEconomy]:
        """The economies that the parameters describe, by case.

        Unless ``households`` are given they are those of the parameters, where none are drawn.
        """
        if households is None:
            households = self.entries(np.random.default_rng(0))
        return self.cases(households)

    def cases(self, households: list[Entry]) -> dict[str, CreditEconomy]:
        """The economies of some households by case."""
        return {"economy": read(self.goods, self.nodes, self.contracts, households)}
