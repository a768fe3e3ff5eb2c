"""Errata of Ramirez, Pledgeable securities in a rational expectations equilibrium."""

from __future__ import annotations

from simulator.published import Erratum

_TESTS = "scenarios/pledge/"
_CLAIMS = "scenarios/test_replication.py::test_claims_are_reproduced"

ERRATA = (
    Erratum(
        1,
        "(A.31), and beta_2 and beta_0 of Proposition 8",
        "beta_2 = h gamma / (w tau_v (mu - (1-h)))",
        "that times (tau_s + tau_theta) / tau_s",
        "In the clearing condition the public signal ln theta is replaced by its mean given v."
        " But ln theta is a function of the price, so that it carries ln u: solved for ln p with"
        " it in place, noise moves the price once through demand and again through what"
        " investors read from the price. beta_0 changes with it.",
        _CLAIMS,
    ),
    Erratum(
        2,
        "(22) and (23), precision of the private signal",
        "tau_s = tau_v + tau_eps",
        "tau_eps",
        "ln s is ln v plus an error of precision tau_eps. Its unconditional variance is 1/tau_v"
        " + 1/tau_eps, but in Bayes' rule a signal has the weight of its error; with tau_v in it"
        " the prior is counted twice.",
        _CLAIMS,
    ),
    Erratum(
        3,
        "(A.27)",
        "forecast with raw ln s and ln theta",
        "with ln s + 1/(2 tau_eps) and ln theta + 1/(2 tau_theta)",
        "The signals are unbiased in levels, E s = v, so that their logarithms have means below"
        " ln v, by half their variance. Bayes' rule for normal variables needs signals whose"
        " errors have mean zero.",
        _CLAIMS,
    ),
    Erratum(
        4,
        "demands of Lemmas 5 and 6",
        "divided by the prior variance, 1/tau_v",
        "by the posterior variance, 1/T",
        "An investor chooses after the signals, and the approximation of its utility is taken"
        " under its own forecast. The risk that it bears is the variance that is left, 1/(tau_v"
        " + tau_eps + tau_theta).",
        _CLAIMS,
    ),
    Erratum(
        5,
        "Lemma 1 and (A.3)",
        "(A.3) adds w/(2h) to spot demand",
        "leverage (1-h)/h, as in Lemma 1",
        "A pledge of Y securities brings Y p (1-h) of cash, with which (1-h) Y securities are"
        " bought that are pledged in turn: (1-h)/h of what the first margin pays. Nothing in"
        " that depends on w alone, and (A.3) can't hold beside the lemma that it proves.",
        _TESTS + "test_pledgeability.py::"
        "test_a_continuum_that_believes_the_corrected_function_is_where_it_says",
    ),
    Erratum(
        6,
        "Proposition 8, beta'_0 without repo",
        "... + (gamma - 3/2) / (2 tau_v)",
        "... - (gamma - 1) / (2 tau_v)",
        "With mu = 1 or h = 1 the price function with repo becomes that without, and beta_0"
        " ends in -(gamma - 1)/(2 tau_v). Risk aversion lowers the price; the printed sign lets"
        " it rise.",
        _TESTS + "test_closed_form.py::test_erratum_6_the_price_without_repo_is_the_limit",
    ),
    Erratum(
        7,
        "(A.24), the call",
        "drift r",
        "no drift",
        "The call is valued at an interest rate normalised to zero; r is the repo rate and"
        " enters the strike, (1-h)(1+r), only. With drift r the value would not be the mean of"
        " its payoff.",
        _TESTS + "test_option.py::test_the_call_is_the_integral_of_its_payoff",
    ),
    Erratum(
        8,
        "(A.47)",
        "a denominator without chi",
        "chi in the denominator",
        "(A.47) differentiates ln chi, which divides by chi. The threshold (A.48) is what the"
        " right derivative gives, so that the slip does not carry over.",
        _TESTS + "test_option.py::test_lemma_9_is_the_slope_of_the_call",
    ),
    Erratum(
        9,
        "Proposition 10",
        "low margins inflate the price if and only if r < rbar",
        "wherever repo is traded, r < rbar holds by itself",
        "Repo is traded if h < chi (Lemma 4), and that implies r < rbar: the threshold never"
        " binds. Where it is not asked that repo is traded the condition is necessary and not"
        " sufficient, the reverse of the text.",
        _TESTS + "test_option.py::test_erratum_9_the_threshold_of_proposition_10_never_binds",
    ),
    Erratum(
        10,
        "Lemma 2, (4), (12), (13)",
        "bad is always below good; (4) without m; ln u in (12); (13) clears at a given r",
        "fails at a common v; m belongs in (4); u; repo does not clear at a given r",
        "Lemma 2 compares the two scenarios at different final values. Demand (4) leaves out"
        " the amount m that is pledged. (12) adds up amounts, so that noise enters as u where"
        " its logarithm is written. And with r given outside one quote would have to clear two"
        " markets: loans asked for and cash offered differ, unless r is a quote, too.",
        "",
    ),
    Erratum(
        11,
        "(A.37)",
        "a formula in the proof",
        "no part of the argument",
        "Nothing before leads to it and nothing after uses it; its symbols are those of another"
        " version of the derivation.",
        "",
    ),
)
