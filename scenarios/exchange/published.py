r"""Published equilibria of pure exchange, as data: prices of the second good at all equilibria.

Kehoe prints prices that sum to one, (0.8871, 0.1129), (1/2, 1/2) and (0.1129, 0.8871). With
:math:`p_2 / p_1 = y^5` excess demand for the second good vanishes exactly where

.. math:: 7 y^5 - 13 y^4 + 13 y - 7 = (y - 1) (7 y^4 - 6 y^3 - 6 y^2 - 6 y + 7) = 0 ,

and with :math:`t = y + 1 / y` the second factor is :math:`7 t^2 - 6 t - 20`: so :math:`t = (3 +
\sqrt{149}) / 7`, and the three prices below are known in radicals.
"""

from math import sqrt

from simulator.published import Published

SCARF_1960 = "Scarf, International Economic Review 1 (1960), 157-172"
KEHOE_1991 = "Kehoe, Handbook of Mathematical Economics 4 (1991), chapter 38"
KEHOE = [
    {"name": "1", "weights": [4.0, 1.0], "endowment": [12.0, 1.0], "elasticity": 0.2},
    {"name": "2", "weights": [1.0, 4.0], "endowment": [1.0, 12.0], "elasticity": 0.2},
]
r"""Utility :math:`-\frac14 (1024\, x_1^{-4} + x_2^{-4})` and its mirror image: an elasticity of
1 / 5 and weights of :math:`1024^{1/5} = 4` to 1."""

POLYNOMIAL = (7, -13, 0, 0, 13, -7)
"""Coefficients of the polynomial in y whose positive roots are the equilibria, highest first."""

SUM = (3.0 + sqrt(149.0)) / 7.0
"""Of the outer two roots, which are each other's inverse."""

PRICES = {
    "price[2]": [
        ((SUM - sqrt(SUM**2 - 4.0)) / 2.0) ** 5,
        1.0,
        ((SUM + sqrt(SUM**2 - 4.0)) / 2.0) ** 5,
    ]
}
PLACE = "section 2, the static exchange economy of two goods with three equilibria; recomputed"

PUBLISHED = (
    Published("one equilibrium", "exchange", SCARF_1960, "first example", {}, {"price[2]": [1.0]}),
    Published(
        "three equilibria", "exchange", KEHOE_1991, PLACE, {"consumers": KEHOE},
        {**PRICES, "stable under the textbook rule": (True, False, True)},
    ),
)  # fmt: skip

PRINTED = Published(
    "three equilibria", "exchange", KEHOE_1991, "section 2, prices that sum to one",
    {"consumers": KEHOE}, {"price of the second good": (0.1129, 0.5, 0.8871)},
    tolerance=5e-5, kind="printed",
)  # fmt: skip

CYCLE = Published(
    "tatonnement goes around the equilibrium for ever", "exchange", SCARF_1960, "first example",
    {"rule": "plain"},
    {
        "rounds come to rest": False,
        "turns around the equilibrium, at least one": True,
        "comes nearer to the equilibrium": False,
        "certified": False,
    },
    kind="proposition",
)  # fmt: skip

MAS_COLELL = "Mas-Colell, Whinston and Green, Microeconomic Theory (1995)"

COBB_DOUGLAS = Published(
    "two Cobb-Douglas consumers who own (1, 2) and (2, 1)", "exchange", MAS_COLELL,
    "example 15.B.1: p_1 / p_2 = a / (1 - a), at a = .3",
    {
        "consumers": [
            {"name": name, "weights": [0.3, 0.7], "endowment": owned, "elasticity": 1.0}
            for name, owned in (("1", [1.0, 2.0]), ("2", [2.0, 1.0]))
        ]
    },
    {"price[2]": 0.7 / 0.3},
    kind="printed",
)  # fmt: skip

ARROW_BLOCK_HURWICZ_1959 = (
    "Arrow, Block and Hurwicz, On the stability of the competitive equilibrium II, Econometrica 27"
    " (1959)"
)

SUBSTITUTES = Published(
    "three consumers with elasticities of one and above, three far starts", "exchange",
    ARROW_BLOCK_HURWICZ_1959, "gross substitutes: one equilibrium, stable from everywhere",
    {
        "rule": "plain",
        "consumers": [
            {"name": "1", "weights": [3.0, 1.0, 1.0], "endowment": [0.2, 2.0, 1.0],
             "elasticity": 1.0},
            {"name": "2", "weights": [1.0, 3.0, 1.0], "endowment": [1.0, 0.2, 2.0],
             "elasticity": 1.5},
            {"name": "3", "weights": [1.0, 1.0, 3.0], "endowment": [2.0, 1.0, 0.2],
             "elasticity": 2.0},
        ],
    },
    {"spread of prices over starts": 0.0},
    tolerance=1e-7, kind="proposition",
)  # fmt: skip
