"""Errata of Iraola and Torres-Martinez on prepayment and default (SDT 364)."""

from __future__ import annotations

from simulator.published import Erratum

ERRATA = (
    Erratum(
        1,
        "section 3, the example, state d",
        'the good "depreciates a 13/22"',
        "it loses 13/22 and keeps 9/22",
        "The collateral of 11/4 is worth 9/8 at d if the good keeps 9/22, and that is the"
        " number from which the printed unit payment follows: half of the borrowers pay 1 and"
        " half hand over 9/8, so that N_d = (1 + 9/8)/2 = 17/16. If the good kept 13/22 the"
        " collateral would be worth 13/8, more than the prepayment cost of 5/4, and nobody would"
        " default or be under water at d.",
        "scenarios/credit/test_prepayment.py::"
        "test_the_example_is_proved_and_equal_to_the_paper_in_fractions",
    ),
    Erratum(
        2,
        "section 3, the example, and assumption (A1)",
        "linear utilities in an economy with strictly quasi-concave ones",
        "the existence theorem does not cover the example",
        "(A1) asks for strictly quasi-concave utility, and the example's is linear. It has an"
        " equilibrium all the same: plans, quotes and multipliers are checked in exact"
        " arithmetic. What linear utility costs is uniqueness of plans: A and C value"
        " consumption at dates 1 and 2 alike, so that who of them holds what is not determined.",
        "scenarios/test_replication.py::test_claims_are_reproduced",
    ),
    Erratum(
        3,
        "section 4, proof of existence",
        "R, the delivery, at nodes of date 1",
        "min{A, pC}",
        "R is defined at terminal nodes only. Read as min{A, pC}, it is the least that an"
        " infinitesimal borrower would deliver, and a floor of what an empty pool is expected to"
        " pay: without it nobody lends because nobody expects to be paid, and nobody is paid"
        " because nobody lends, at any price of the contract up to 319/732.",
        "scenarios/credit/test_prepayment.py::test_distrust_of_an_empty_pool_confirms_itself",
    ),
)
