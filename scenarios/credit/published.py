"""Published and reference numbers of economies with credit on an event tree."""

from __future__ import annotations

from fractions import Fraction

from scenarios.credit import SOURCE
from simulator.published import Published

ROUNDED = 1e-15
"""Exact numbers are rounded once where tables show them."""

_LATER = ("u", "m", "d", "u+", "d+")

EXAMPLE = Published(
    case="the example of section 3, the good keeping 9/22 in state d",
    scenario="prepayment",
    citation=SOURCE,
    place="section 3; utilities and rates follow from its consumption and figure",
    expected={
        name: Fraction(value)
        for name, value in {
            "price[j0@0]": "3/4",
            "price[jm@m]": "1/2",
            "resale[j0@u]": "1/4",
            "resale[j0@m]": "0",
            "resale[j0@d]": "1/4",
            "unit_payment[j0@u]": "9/8",
            "unit_payment[j0@m]": "3/2",
            "unit_payment[j0@d]": "17/16",
            "unit_payment[j0@u+]": "1/2",
            "unit_payment[j0@m+]": "0",
            "unit_payment[j0@d+]": "1/2",
            "unit_payment[jm@m+]": "1",
            "utility[A]": "65/16",
            "utility[B]": "1507/384",
            "utility[C]": "31/8",
            "paid[j0@u]": "1/2",
            "prepaid[j0@u]": "1/2",
            "defaulted[j0@u]": "0",
            "paid[j0@m]": "0",
            "prepaid[j0@m]": "1",
            "defaulted[j0@m]": "0",
            "paid[j0@d]": "1/2",
            "prepaid[j0@d]": "0",
            "defaulted[j0@d]": "1/2",
        }.items()
    },
    tolerance=ROUNDED,
    kind="printed",
    errata=(1, 2),
)
"""The paper's example; the good "depreciates a 13/22" in state d, which means by as much."""

CONSUMED = {
    "A": ("0", "9/4", "10/4", "17/8", "13/4", "7/2", "25/8"),
    "B": ("11/4", "33/8", "33/8", "9/8", "25/8", "25/8", "9/8"),
    "C": ("11/4", "31/8", "29/8", "1", "31/8", "29/8", "2"),
}
"""What households consume in the example as printed, at 0, u, m, d, u+, m+, d+. That of A and C is
not determined, since what they consume at dates 1 and 2 counts alike; together it is."""

NODES = ("0", "u", "m", "d", "u+", "m+", "d+")

SHADOW_VALUES = {
    "A": ("65/24", "1/4", "1/4", "1", "1/8", "1/8", "1/2"),
    "C": ("77/48", "1/12", "1/12", "1/3", "1/24", "1/24", "1/6"),
}
"""Multipliers of the budgets at 0, u, m, d, u+, m+, d+. Those of B are not unique."""

PHI = {
    ("B", "u"): "5/36", ("B", "m"): "173/578", ("B", "d"): "9/584",
    ("C", "u"): "-1/4", ("C", "m"): "-1/2", ("C", "d"): "-3/8",
}  # fmt: skip
"""Cost of closing the first contract's debt less the present value of keeping it, Proposition 1."""


def _plan(household: str) -> dict[tuple[str, str, str], Fraction]:
    """The paper's plan of a household: its consumption, and the positions that lead to it."""
    eaten = dict(zip(NODES, map(Fraction, CONSUMED[household]), strict=True))
    positions = {
        "A": {("lent", "0", "j0"): 2, ("lent", "m", "jm"): 1}
        | {("held after resale", node, "j0"): 2 for node in "umd"},
        "B": {("borrowed", "0", "j0"): 1, ("kept", "u", "j0"): 1, ("prepaid", "m", "j0"): 1}
        | {("kept", "d", "j0"): 1, ("borrowed", "m", "jm"): 1},
        "C": {("borrowed", "0", "j0"): 1, ("prepaid", "u", "j0"): 1, ("prepaid", "m", "j0"): 1},
    }[household]
    pledged = {
        ("borrowed", "0", "j0"): "11/4",
        ("kept", "u", "j0"): "33/8",
        ("kept", "d", "j0"): "9/8",
        ("borrowed", "m", "jm"): "33/8",
    }
    plan = {place: Fraction(amount) for place, amount in positions.items()}
    for place, collateral in pledged.items():
        eaten[place[1]] -= plan.get(place, 0) * Fraction(collateral)
    return plan | {("consumed freely", node, "good"): amount for node, amount in eaten.items()}


PRINTED = {household: _plan(household) for household in CONSUMED}
"""Plans in the paper's figure of financial positions, with what is consumed freely."""

TRIVIAL = Published(
    case="the example, where holders expect nothing of the first contract",
    scenario="prepayment",
    citation=SOURCE,
    place="section 2, trivial equilibria; prices at which nobody trades follow from the example",
    parameters={"pools": "distrusted", "start": "pessimistic"},
    expected={
        "price[jm@m]": Fraction(1, 2),
        "lowest_price[j0@0]": Fraction(0),
        "highest_price[j0@0]": Fraction(319, 732),
        **{f"resale[j0@{node}]": Fraction(0) for node in ("u", "m", "d")},
        **{f"unit_payment[j0@{node}]": Fraction(0) for node in ("u", "m", "d", "u+", "m+", "d+")},
    },
    tolerance=ROUNDED,
    errata=(3,),
)
"""Nobody lends, nobody borrows, and nothing is paid, at any price of j_0 up to 319/732."""

RENTAL = Published(
    case="a rental contract at node d of the example",
    scenario="prepayment",
    citation=SOURCE,
    place="the remark after the example of section 3; reservation rents follow from the example",
    parameters={"rental": {"node": "d", "rent": "65/73", "keeps": "15/73"}},
    expected={
        "return_on_letting": Fraction(15, 8),
        "return_on_security": Fraction(2),
        "most_paid[A]": Fraction(1, 2),
        "most_paid[B]": Fraction(64, 73),
        "most_paid[C]": Fraction(1, 2),
        "least_taken[A]": Fraction(131, 146),
        "least_taken[C]": Fraction(131, 146),
    },
    tolerance=ROUNDED,
    kind="printed",
    errata=(1,),
)
"""Nobody rents at 65/73 and nobody lets: the rents at which that is so are [64/73, 131/146]."""

LIQUID = Published(
    case="the example with a contract like the first one's future at every node of date 1",
    scenario="prepayment",
    citation=SOURCE,
    place="section 5, after Proposition 2: the special case of Araujo, Pascoa and Torres-Martinez",
    parameters={
        "contracts": [
            {
                "name": "j0",
                "issued_at": "0",
                "collateral": "11/4",
                "coupon": {"kind": "real", "pays": {**dict.fromkeys(_LATER, 1), "m+": 2}},
                "prepayment": {
                    "kind": "formula",
                    "costs": {node: f"coupon + q['k{node}']" for node in ("u", "m", "d")},
                },
            },
            *(
                {
                    "name": f"k{node}",
                    "issued_at": node,
                    "collateral": collateral,
                    "coupon": {"kind": "real", "pays": {f"{node}+": coupon}},
                }
                for node, collateral, coupon in (
                    ("u", "33/8", 1),
                    ("m", "33/8", 2),
                    ("d", "9/8", 1),
                )
            ),
        ]
    },
    expected={
        "price[j0@0]": Fraction(3, 4),
        "price[ku@u]": Fraction(1, 2),
        "price[km@m]": Fraction(1),
        "price[kd@d]": Fraction(1, 2),
        "unit_payment[j0@d]": Fraction(9, 8),
        "defaulted[j0@d]": Fraction(1),
        "defaulted[j0@u]": Fraction(0),
        "defaulted[j0@m]": Fraction(0),
    },
    tolerance=ROUNDED,
)
"""Prepaying costs the coupon and a new loan, A + q_k. Nobody is under water: at d, where the
collateral is worth 9/8 and prepaying costs 3/2, everybody defaults."""

LOGARITHMIC = Published(
    case="two states, a patient and an impatient household with logarithmic utility",
    scenario="credit-tree",
    citation="this project",
    place="solved from first-order conditions to twelve digits",
    expected={
        "price[j0@0]": 0.277874781437,
        "price[ju@u]": 0.224055792246,
        "resale[j0@u]": 0.134433475348,
        "resale[j0@d]": 0.149120435742,
        "unit_payment[j0@u]": 0.3,
        "unit_payment[j0@d]": 0.3,
        "unit_payment[j0@u+]": 0.3,
        "unit_payment[j0@d+]": 0.3,
        "utility[P]": 2.492201270936,
        "utility[Q]": 0.832326172675,
    },
    tolerance=1e-9,
)
"""A strictly concave economy."""

PUBLISHED = (EXAMPLE, TRIVIAL, RENTAL, LIQUID, LOGARITHMIC)
