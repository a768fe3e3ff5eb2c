"""Collateralised credit on an event tree: Iraola and Torres-Martinez (2012)."""

from __future__ import annotations

from simulator.title import Title

SOURCE = (
    "Iraola and Torres-Martinez, Liquidity contractions and prepayment risk on collateralized"
    " asset markets (SDT 364, 2012)"
)

PREPAYMENT = Title(
    name="prepayment",
    summary="the same mortgage is paid by one household, prepaid by another and defaulted on"
    " where credit dries up; verified in exact arithmetic",
    source=SOURCE,
    module="scenarios.credit.prepayment",
)

LIQUIDITY_CONTRACTION = Title(
    name="liquidity-contraction",
    summary="credit dries up at some nodes: debts that were prepaid are kept, defaulted on,"
    " or go under water",
    source=SOURCE,
    module="scenarios.credit.liquidity_contraction",
)

HOUSING = Title(
    name="housing",
    summary="two goods and a price of housing: mortgages are prepaid in the boom, and kept or"
    " defaulted on in the bust",
    source=SOURCE,
    module="scenarios.credit.housing",
)

CREDIT_TREE = Title(
    name="credit-tree",
    summary="your own tree, goods, contracts and households; by default a patient and an"
    " impatient one",
    source=SOURCE,
    module="scenarios.credit.credit_tree",
)
