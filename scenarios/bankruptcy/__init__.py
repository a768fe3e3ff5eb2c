"""Bankruptcy in general equilibrium: Eichberger, Rheinberger and Summer (2014)."""

from __future__ import annotations

from simulator.title import Title

SOURCE = "Eichberger, Rheinberger and Summer, Credit Risk in General Equilibrium (2014)"

BANKRUPTCY = Title(
    name="bankruptcy",
    summary="a borrower plans to go bankrupt: the repayment rate is a quote that the rounds find",
    source=SOURCE,
    module="scenarios.bankruptcy.bankruptcy",
)

BANKRUPTCY_CAPM = Title(
    name="bankruptcy-capm",
    summary="bond, equities and planned bankruptcies: asset prices by the capital asset"
    " pricing model, corrected for the shortfall",
    source=SOURCE,
    module="scenarios.bankruptcy.bankruptcy_capm",
)
