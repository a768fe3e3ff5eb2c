"""Errata of Geanakoplos (2010), three-period example."""

from __future__ import annotations

from simulator.published import Erratum

ERRATA = (
    Erratum(
        1,
        "three-period example, marginal buyer after bad news",
        ".61",
        ".62: .6165 to four digits",
        "After bad news the marginal buyer b is indifferent, p_D = b + (1 - b) R, and its equations"
        " with R = .2 have p_D = .693188 and b = .616485. The other numbers are rounded; this one"
        " is cut short.",
        "scenarios/leverage/test_closed_form.py::test_geanakoplos_2010_equations_hold",
    ),
)
