"""Errata of Brunnermeier, Eisenbach and Sannikov, section 3.2."""

from __future__ import annotations

from simulator.published import Erratum

ERRATA = (
    Erratum(
        1,
        "section 3.2, the derivative of the price by wealth",
        "dq/deta = 1 / (s m+ - x_0 + (dm+/dq) x_1), said of experts in general",
        "for experts who are short dq/deta = -1 / (s m- + x_0 + (dm-/dq) x_1)",
        "The formula differentiates m(q) x_1 = eta + x_0 q with x_1 = Z - s (v - q). Experts"
        " who are short hold -x_1 > 0 and pay the margin on short positions, m(q) (-x_1) = eta +"
        " x_0 q: both terms with x_1, and so the slope of demand, change their sign, and x_0"
        " does not. Being short of what they sold (x_0 < 0) they lose when the price rises.",
        "scenarios/test_replication.py::test_claims_are_reproduced",
    ),
)
