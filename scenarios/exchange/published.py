r"""Published equilibria of pure exchange, as data: prices of the second good at all equilibria.

Kehoe prints prices that sum to one, (0.8871, 0.1129), (1/2, 1/2) and (0.1129, 0.8871); their ratios
were recomputed, as the roots of excess demand bisected with 16 digits.
"""

from simulator.published import Published

SCARF_1960 = "Scarf, International Economic Review 1 (1960), 157-172"
KEHOE_1991 = "Kehoe, Handbook of Mathematical Economics 4 (1991), chapter 38"
KEHOE = [
    {"name": "1", "weights": [4.0, 1.0], "endowment": [12.0, 1.0], "elasticity": 0.2},
    {"name": "2", "weights": [1.0, 4.0], "endowment": [1.0, 12.0], "elasticity": 0.2},
]
r"""Utility :math:`-\frac14 (1024\, x_1^{-4} + x_2^{-4})` and its mirror image: an elasticity of
1 / 5 and weights of :math:`1024^{1/5} = 4` to 1."""

PRICES = {"price[2]": [0.12729893229842637, 1.0, 7.855525430925843]}
PLACE = "section 2, the static exchange economy of two goods with three equilibria; recomputed"

PUBLISHED = (
    Published("one equilibrium", "exchange", SCARF_1960, "first example", {}, {"price[2]": [1.0]}),
    Published("three equilibria", "exchange", KEHOE_1991, PLACE, {"consumers": KEHOE}, PRICES),
)
