"""Errata of the slides on margins and security prices."""

from __future__ import annotations

from simulator.published import Erratum

ERRATA = (
    Erratum(
        1,
        "Assumption on omega_D, before the second Proposition",
        "omega_D >= (1 + D_D) (D_D - (2-h) D_U) / (D_U (1-h))",
        "omega_D >= (1 + D_U) (D_D - (2-h) D_U) / (D_U (1-h))",
        "A short that is fully levered sells (1+q) / (q (1-h)) and owns nothing else, so that"
        " it is left with omega_D - ((1+q)/q) (D_D - (2-h) q) / (1-h) in state D. What it needs"
        " falls with q, and q is above D_U: at q = D_U it is the right-hand side with 1 + D_U,"
        " which is therefore sufficient. The captions' own numbers, 107.6 and 34.7, are computed"
        " with 1 + D_U; with 1 + D_D they would be 136.1 and 43.9. The exact need at h = .99 is"
        " 90.46.",
        "scenarios/repo/test_closed_form.py::test_erratum_1_incomes_of_the_captions",
    ),
    Erratum(
        2,
        "Assumption 2, long market",
        "omega_U >= (1 + D_D) (D_D - (2-h) D_U) / (D_U (1-h))",
        "omega_U >= (1 + D_D) (h D_D - D_U) / (D_D (1-h))",
        "The short market's bound is repeated. A long that is fully levered holds (1+q) / (q"
        " (1-h)) securities and owes what they cost less its margin, so that in state U it needs"
        " ((1+q)/q) (h q - D_U) / (1-h). That rises with q, and q is below D_D: the bound is its"
        " value at q = D_D.",
        "scenarios/repo/test_closed_form.py::test_erratum_2_income_of_the_long_market",
    ),
    Erratum(
        3,
        "long market, positions and the figure of q against h",
        "an equilibrium for every h that is drawn",
        "an equilibrium only where (2-h)/2 >= m (1+q)/q, at h of at least .9619",
        "The shorts of the long market are not levered; they lend cash against theta^H ="
        " h/(2-h) m/(1-m) (1+q)/(q (1-h)) and sell what they hold beyond it. Their box y + theta"
        " >= 0 gives the condition, as the longs' box does in the short market, where the slides"
        " state it. Below h = .961874990832 it fails: all securities sit in the clearing house's"
        " reinvestment, the repo rate turns negative, and the price is another one (1.2462 at h"
        " = .95).",
        "scenarios/repo/test_isoleverage.py::test_equilibria_are_crossings_inside_the_box",
    ),
    Erratum(
        4,
        '"Both parties cannot be fully leveraged"',
        "longs and shorts can't both be constrained by margin",
        "only if nobody holds cash alone",
        "The argument counts everybody as a long or a short, so that the two masses add up to"
        " one. With a negative repo rate those whose mean payoff lies between the two funded"
        " prices hold cash only, the masses are m1 < m2, and both sides are fully levered at"
        " every haircut above 21.9% in the short market and 29.4% in the long one.",
        "scenarios/repo/test_closed_form.py::"
        "test_markets_coincide_when_both_sides_are_fully_levered",
    ),
    Erratum(
        5,
        "bounds on y",
        "y <= L [(1-h) + q]",
        "y <= L [(1-h) + 1]",
        "From q y <= 1 + q + q psi and psi <= L with L = (1+q) / (q (1-h)): y is at most"
        " (1+q)/q + L, and (1+q)/q is (1-h) L. A long that is fully levered holds L, which is"
        " above the printed bound wherever q < h.",
        "scenarios/repo/test_program.py::test_positions_lie_within_the_slides_bounds",
    ),
    Erratum(
        6,
        "Propositions, q and the loan-to-value ratio h",
        "q falls with h in a short market and rises in a long one",
        "so at a repo rate of zero (regime I); not where the security is special in repo",
        "The proofs move along isoleverage lines at rho = 0. Where the box binds the rate is"
        " negative and the price has a rent in it, -rho q h, which an owner earns by lending the"
        " security. In the short market the price peaks at h = .87847 with 1.39618723 and falls"
        " with the haircut beyond.",
        "scenarios/test_replication.py::test_claims_are_reproduced",
    ),
    Erratum(
        7,
        "table of Italy, 27 July 2012",
        "a yield of 6.951",
        "5.951",
        "The change printed for that day, -1.59%, and for the next, 1.06%, follow from 5.951"
        " and not from 6.951; the other 37 of the 39 changes printed agree with the yields to"
        " rounding.",
        "scenarios/repo/test_episodes.py::"
        "test_exactly_two_changes_fail_as_printed_and_both_come_from_the_misprint",
    ),
)
