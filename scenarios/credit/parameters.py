"""Parameters of every scenario with credit on an event tree, and the default economy."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from agents.credit.households import INERTIA
from markets.adjustment.extrapolated import STEP
from scenarios.credit.reading import CreditEconomy, read
from simulator.parameters import Parameters

GOODS = ["good"]

NODES: list[dict[str, Any]] = [
    {"name": "0"},
    {"name": "u", "after": "0", "keeps": "9/10"},
    {"name": "d", "after": "0", "keeps": "1/2"},
    {"name": "u+", "after": "u", "keeps": "4/5"},
    {"name": "d+", "after": "d", "keeps": "4/5"},
]

CONTRACTS: list[dict[str, Any]] = [
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

HOUSEHOLDS: list[dict[str, Any]] = [
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
"""Traders with inertia need more rounds than traders without, and each is cheap."""

AUCTION_AFTER = 200
"""Rounds that show where quotes go; from there an auction is quicker."""

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


def given(name: str, default: Any) -> Any:
    """Declaration of one part of an economy, with a scenario's own default."""
    meaning, allowed = _ABOUT[name]
    return Field(default=default, description=meaning, json_schema_extra={"allowed": allowed})


def moving(default: float) -> Any:
    """Declaration of the households' inertia, with a scenario's own default."""
    return Field(
        default=default,
        gt=0.0,
        description="how far a unit of marginal utility moves a household's plan in a round",
        json_schema_extra={"unit": "share of wealth"},
    )


def calling(default: int) -> Any:
    """Declaration of when auctions are called, with a scenario's own default."""
    return Field(
        default=default,
        ge=0,
        description="rounds after which, and again each time their number has doubled, all quotes"
        " are sought at once in a call auction; 0 for never",
        json_schema_extra={"unit": "rounds"},
    )


class CreditTree(Parameters):
    """Parameters of every scenario with credit on an event tree."""

    max_rounds: int = Field(
        default=MAX_ROUNDS,
        ge=1,
        description="rounds at one date before the run gives up",
        json_schema_extra={"unit": "rounds"},
    )
    pools: Literal["trusted", "distrusted"] = Field(
        default="trusted",
        description="what holders expect of an empty pool: what a vanishing borrower would"
        " deliver, or what they expected before",
    )
    start: Literal["collateral", "random", "pessimistic"] = Field(
        default="collateral",
        description="first quotes: half of the collateral's value is lent and coupons are paid;"
        " drawn from a wide range by the seed; or nobody lends or expects any payment",
    )
    inertia: float = moving(INERTIA)
    step: float = Field(
        default=STEP,
        gt=0.0,
        description="how far excess demand of all wealth moves a quote in a round",
        json_schema_extra={"unit": "share of the collateral's value"},
    )
    auction_after: int = calling(AUCTION_AFTER)
    goods: list[str] = given("goods", GOODS)
    nodes: list[dict[str, Any]] = given("nodes", NODES)
    contracts: list[dict[str, Any]] = given("contracts", CONTRACTS)
    households: list[dict[str, Any]] = given("households", HOUSEHOLDS)

    @model_validator(mode="after")
    def _economy(self) -> CreditTree:
        """Refuse what is no economy."""
        self.economies()
        return self

    def economies(self) -> dict[str, CreditEconomy]:
        """The economies that the parameters describe, by case."""
        parts = {name: getattr(self, name) for name in _ABOUT}
        return {"economy": read(parts)}
