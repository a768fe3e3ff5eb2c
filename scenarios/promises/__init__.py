"""Collateral equilibrium: Brunnermeier, Eisenbach and Sannikov, section 3.3."""

from __future__ import annotations

from simulator.title import Title

SOURCE = (
    "Brunnermeier, Eisenbach and Sannikov, Macroeconomics with financial frictions: a survey,"
    " section 3.3, after Geanakoplos (1997, 2003)"
)

COLLATERAL_EQUILIBRIUM = Title(
    name="collateral-equilibrium",
    summary="what may be promised against an asset decides its margin and its price",
    source=SOURCE,
    module="scenarios.promises.collateral_equilibrium",
)

ENDOGENOUS_LEVERAGE = Title(
    name="endogenous-leverage",
    summary="of any promises on any number of states: which are traded, at which margin, and who"
    " defaults",
    source=SOURCE + "; Fostel and Geanakoplos, Leverage and default in binomial economies (2015)",
    module="scenarios.promises.endogenous_leverage",
)
