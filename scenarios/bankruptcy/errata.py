"""Errata of Eichberger, Rheinberger and Summer, Credit Risk in General Equilibrium (2014)."""

from __future__ import annotations

from simulator.published import Erratum

_TESTS = "scenarios/bankruptcy/test_propositions.py::test_"

ERRATA = (
    Erratum(
        1,
        "Proposition 3, all three formulas",
        "x = w + P(...) + ...",
        "x = w + Y delta + P(...) + ...",
        "Consumption at date 1 is what is owned, w + Y delta, and what is traded. First-order"
        " conditions say that its difference to the satiation level, less the weighted kernel,"
        " is orthogonal to what can be traded; the projection therefore gives the trade only,"
        " and the equities owned have to be added. Without them the error is of order one.",
        _TESTS + "erratum_1_equities_owned_are_missing_in_all_three_formulas",
    ),
    Erratum(
        2,
        "Proposition 3, borrowers",
        "... - sigma_b- (a_0 / alpha_0) 1_e",
        "... + sigma_b- (a_0 / alpha_0) 1_e",
        "Borrowers trade -1, whose first-order condition adds up over all members to alpha_0"
        " q_b = <g, 1> - sigma_b-. Put into a borrower's own condition, a_0 q_b = <a_1 - x, 1>,"
        " the multiplier lowers the cost of the promise, so that it raises consumption along the"
        " part of 1 that equities do not span.",
        _TESTS + "erratum_2_the_sign_of_the_borrowers_term",
    ),
    Erratum(
        3,
        "Proposition 2 (ii)",
        "c(m) >= <gamma, m>",
        "c(m) >= <gamma, m> / alpha_0",
        "First-order conditions equate a_0 q with marginal utility at date 1. Added up over all"
        " members they read alpha_0 q = <gamma, m>: the price in goods is the kernel over the"
        " sum of the weights of date 0, so that a = alpha_1 / alpha_0 and b = 1 / alpha_0.",
        _TESTS + "erratum_3_the_kernel_has_to_be_divided_by_the_weight",
    ),
    Erratum(
        4,
        "Propositions 2 and 3",
        "products, norms and projections of the plain kind",
        "weighted by the probabilities of the states",
        "Utility is an expectation, so that marginal utility in state s carries rho_s. The"
        " conditions are orthogonality in the product sum_s rho_s x_s y_s, and only there does"
        " E(g) E(m) - b cov(w, m) equal <g, m>.",
        _TESTS + "erratum_4_products_have_to_be_weighted_by_probabilities",
    ),
    Erratum(
        5,
        "Propositions 2 and 3",
        "valid at any short limit kappa",
        "the multipliers M of kappa enter where it binds",
        "A borrower at the limit would promise more: its condition is a_0 q_b = <a_1 - x, 1> +"
        " mu. Added up, alpha_0 q_b = <g, 1> - s- + M, and the bond may cost more than the upper"
        " bound <g, 1> / alpha_0; at kappa = .35 it costs 1.0769 in the instance of three"
        " investors.",
        _TESTS + "erratum_5_a_binding_limit_lifts_the_bond_price_above_its_bound",
    ),
    Erratum(
        6,
        "Appendix 7.3",
        'T_long has + q_e; "P_(Yb+) on the span of (-1, Y)"',
        "- q_e; P_(Yb-)",
        "A column of T is what one unit of a trade costs at date 0 and pays at date 1. Buying"
        " an equity costs q_e, with a minus sign as of the bond; otherwise marginal utility"
        " would not be orthogonal to the trade. The projection on (-1, Y) is the borrowers'.",
        _TESTS + "erratum_6_equities_cost_something_in_the_appendix_too",
    ),
    Erratum(
        7,
        "assumption on satiation, section 4.2",
        "a_1 above the endowments w_1",
        "a_1 above w_1 + Y delta, in sum over all",
        "Goods at date 1 are endowments and what equities pay. If satiation lay between the"
        " two, marginal utility could be negative at what there is to consume.",
        _TESTS + "erratum_7_satiation_must_lie_above_endowments_with_equities",
    ),
    Erratum(
        8,
        "Lemma 2",
        "a condition on each equity alone",
        "q_e lambda > min_s (Y lambda)_s q_b for every portfolio lambda >= 0 but zero",
        "With payoffs (0, 1, 2) and (2, 3, 4.5), q_b = 1 and q_e2 = .5, buying the second"
        " equity and selling two bonds costs nothing now, brings 1.5, and never loses. The"
        " printed test passes these prices: with two or more equities it has to hold of every"
        " portfolio.",
        _TESTS + "erratum_8_the_test_of_lemma_2_lets_an_arbitrage_pass",
    ),
    Erratum(
        9,
        "section 3.1, small kappa",
        "a small kappa gives the standard model",
        "it gives an equilibrium of constrained borrowers",
        "A limit so small that nobody goes bankrupt binds those who would borrow more. Equities"
        " cost what they do in the standard model, but the bond price has the multipliers of the"
        " limit in it: at kappa = .2 it is 1.0926 instead of <g, 1> / alpha_0 = 1.0544.",
        _TESTS + "erratum_9_a_small_limit_does_not_give_the_standard_bond_price",
    ),
)
