"""A price of housing: food is eaten, houses last, and mortgages meet a boom and a bust.

Scenario ``housing``: two goods and four households with logarithmic utility. A saver lends to
three borrowers who differ in income and patience. In the boom a new mortgage is offered; in the
bust credit is dry, houses are worth less than the debt on them, and some borrowers hand them over
while others keep paying. An example of our own in the model of Iraola and Torres-Martinez (SDT
364, 2012), with strictly concave utility as their existence theorem asks for.
"""

from __future__ import annotations

from fractions import Fraction

from scenarios.credit import HOUSING
from scenarios.credit.credit_tree import CreditScenario
from scenarios.credit.members import Entry
from scenarios.credit.parameters import CreditTree, economy_part

NODES: list[Entry] = [
    {"name": "0"},
    {"name": "boom", "after": "0", "keeps": {"house": "19/20"}},
    {"name": "bust", "after": "0", "keeps": {"house": "4/5"}},
    {"name": "boom+", "after": "boom", "keeps": {"house": "19/20"}},
    {"name": "bust+", "after": "bust", "keeps": {"house": "19/20"}},
]
"""Food perishes; what keeps does not name is gone."""

CONTRACTS: list[Entry] = [
    {
        "name": "mortgage",
        "issued_at": "0",
        "collateral": {"house": 1},
        "coupon": {
            "kind": "real",
            "pays": {
                **{key: {"food": "1/4"} for key in ("boom", "bust")},
                **{key: {"food": "3/2"} for key in ("boom+", "bust+")},
            },
        },
        "prepayment": {
            "kind": "real",
            "costs": {key: {"food": "3/2"} for key in ("boom", "bust")},
        },
    },
    {
        "name": "refinance",
        "issued_at": "boom",
        "collateral": {"house": 1},
        "coupon": {"kind": "real", "pays": {"boom+": {"food": "3/2"}}},
    },
]


def _household(
    name: str,
    food: tuple[str, str, str, str, str],
    house: str,
    patience: tuple[str, str],
    taste: str,
    taste_in_bust: str,
) -> Entry:
    """A household: food at 0, boom, boom+, bust, bust+; discount factors; taste for housing."""
    nodes = ("0", "boom", "boom+", "bust", "bust+")
    middle, last = patience
    discounts = ("1", middle, last, middle, last)
    endowment = {
        node: {"food": amount, "house": house if node == "0" else "1/20"}
        for node, amount in zip(nodes, food, strict=True)
    }
    weights = {
        node: {
            "food": discount,
            "house": _times(discount, taste_in_bust if node.startswith("bust") else taste),
        }
        for node, discount in zip(nodes, discounts, strict=True)
    }
    return {"name": name, "endowment": endowment, "weights": weights, "risk_aversion": 1}


def _times(one: str, other: str) -> str:
    return str(Fraction(one) * Fraction(other))


HOUSEHOLDS: list[Entry] = [
    _household("saver", ("4", "1", "3/4", "3/4", "1/2"), "2", ("2/5", "2/5"), "1/4", "1/10"),
    _household("young", ("1", "3", "4", "3/2", "2"), "1/10", ("2/5", "1/5"), "3/5", "1/5"),
    _household("middling", ("1", "2", "3/2", "1", "1"), "1/10", ("1/4", "1/4"), "2/5", "3/20"),
    _household("senior", ("3/2", "4", "3/2", "2", "1"), "1/10", ("1/3", "1/3"), "1/2", "1/5"),
]


class Housing(CreditTree):
    """Parameters of the scenario ``housing``."""

    goods: list[str] = economy_part("goods", ["food", "house"])
    nodes: list[Entry] = economy_part("nodes", NODES)
    contracts: list[Entry] = economy_part("contracts", CONTRACTS)
    households: list[Entry] = economy_part("households", HOUSEHOLDS)


class HousingScenario(CreditScenario):
    """The scenario ``housing``."""

    title = HOUSING
    parameters = Housing


SCENARIO = HousingScenario()
