"""Coefficients and thresholds of the pledgeable security's price, as data.

Source of the economy: Ramirez, "Pledgeable securities in a rational expectations equilibrium",
which prints formulas and no numbers. These were computed from the formulas, printed and corrected,
apart from :mod:`scenarios.pledge.closed_form`, and rounded to ten decimals.

Names of expected coefficients are those of ``coefficients`` in the details of the last date, under
``belief``; ``log_price`` is that of ``log_prices`` there: what the believed price function says in
the state of the day. Errata are numbered as in :mod:`scenarios.pledge.errata`.
"""

from __future__ import annotations

from collections.abc import Mapping

from scenarios.pledge import SOURCE
from simulator.published import Published

ROUNDING = 5.1e-11
"""Half a unit of the tenth decimal, the last that is given (absolute)."""

AMPLE: Mapping[str, object] = {
    "value_precision": 10.0,
    "signal_precision": 0.2,
    "noise_precision": 4.0,
    "risk_aversion": 3.0,
    "wealth": 10.0,
    "spot_share": 0.8,
    "mean_value": 1.5,
    "mean_noise": 1.13,
    "haircut": 0.35,
    "repo_rate": 0.01,
}
"""Imprecise signals and ample wealth: few orders exceed what investors own. (With the default
parameters, precise signals and little wealth, most do.)"""

DAY: Mapping[str, object] = {"learning": "none", "days": 1, "log_value": 0.2, "log_noise": 0.3}
"""One day in a given state, on which investors hold the belief that is asked for."""


def _case(
    case: str,
    place: str,
    parameters: Mapping[str, object],
    expected: Mapping[str, object],
    errata: tuple[int, ...] = (),
) -> Published:
    return Published(
        case, "pledgeability", SOURCE, place, {**DAY, **parameters}, expected,
        tolerance=ROUNDING, errata=errata,
    )  # fmt: skip


CASES: tuple[Published, ...] = (
    _case(
        "default parameters, printed",
        "Proposition 8 with (25)",
        {"belief": "printed"},
        {
            "tau_theta": 1.7383755101,
            "b0": -0.3379766592,
            "b1": 0.6592373454,
            "b2": 1.0,
            "b3": 0.8,
            "log_price": 0.3786370136,
            "certified": False,
        },
    ),
    _case(
        "default parameters, printed with the noise of the public signal",
        "Proposition 8 with erratum 1",
        {"belief": "printed-noise"},
        {
            "tau_theta": 1.1568549702,
            "b0": -0.3249763396,
            "b1": 0.6414760243,
            "b2": 1.1928091617,
            "b3": 0.8,
            "log_price": 0.4459278175,
            "certified": False,
        },
        (1,),
    ),
    _case(
        "default parameters, corrected",
        "Proposition 8 with errata 1 to 4",
        {"belief": "corrected"},
        {
            "tau_theta": 1.0,
            "b0": -0.1071428571,
            "b1": 0.4285714286,
            "b2": 0.8571428571,
            "b3": 0.8,
            "log_price": 0.5204804894,
        },
        (1, 2, 3, 4),
    ),
    _case(
        "ample wealth, corrected",
        "Proposition 8 with errata 1 to 4",
        {**AMPLE, "belief": "corrected"},
        {
            "tau_theta": 0.3265306122,
            "b0": 0.2429889793,
            "b1": 0.0500193874,
            "b2": 0.1750678558,
        },
        (1, 2, 3, 4),
    ),
)
"""Every set of coefficients."""

IMPLIED: tuple[Published, ...] = (
    _case(
        "default parameters, printed belief, the paper's own demands",
        "clearing (12) with (14), (20), (22) and (A.27) as printed",
        {"belief": "printed", "demand": "paper"},
        {
            "b0": -0.3017605027,
            "b1": 0.6592373454,
            "b2": 1.2897292517,
            "b3": 0.8,
            "certified": False,
        },
    ),
    _case(
        "default parameters, belief with erratum 1, the paper's own demands",
        "clearing (12) with (14), (20), (22) and (A.27) as printed",
        {"belief": "printed-noise", "demand": "paper"},
        {"b0": -0.3249763396, "b1": 0.6414760243, "b2": 1.1928091617, "b3": 0.8},
        (1,),
    ),
    _case(
        "default parameters, printed belief, Bayes' rule",
        "clearing (12) with errata 2 to 4",
        {"belief": "printed"},
        {
            "b0": 0.0432910346,
            "b1": 0.3920472334,
            "b2": 0.7840944668,
            "b3": 0.8,
            "certified": False,
        },
        (2, 3, 4),
    ),
    _case(
        "default parameters, belief with erratum 1, Bayes' rule",
        "clearing (12) with errata 2 to 4",
        {"belief": "printed-noise"},
        {
            "b0": -0.0270921758,
            "b1": 0.3735923763,
            "b2": 0.7471847525,
            "b3": 0.8,
            "certified": False,
        },
        (2, 3, 4),
    ),
)
"""What the orders of investors who hold a belief imply: ``realised`` in the details of a date.

Proposition 8 is not a fixed point even of the paper's own demands; with erratum 1 repaired it is.
"""

CLEARED: tuple[Published, ...] = tuple(
    _case(
        f"default parameters, repo market clears, {what}",
        "(12) with (13), errata 1 to 4, and our reading of the repo market",
        {
            "belief": "corrected",
            "repo_rate": "clears",
            "population": "continuum",
            "log_noise": log_noise,
        },
        expected,
        (1, 2, 3, 4, 10),
    )
    for what, log_noise, expected in (
        ("lenders paid", -0.1, {"log_price": 0.0452380952, "repo_rate": 0.1240584167}),
        ("cash stored", -0.5, {"log_price": -0.1400785565, "repo_rate": 0.0}),
        ("repo shut", 0.3, {"log_price": 0.25, "repo_rate": 0.2419902142}),
    )
)
"""Quotes where the spot and the repo market clear, by the three ways in which the latter can."""

OPTION = _case(
    "default parameters, option, bias and thresholds",
    "Proposition 7 with erratum 7, Lemma 9, (A.46), Proposition 10 with errata 8 and 9, and the"
    " repo rate of chi = h",
    {},
    {
        "call_value": 0.2855094479,
        "d1": 0.6566818480,
        "d2": 0.1566818480,
        "log_pledge_value": 0.3559577546,
        "call_by_haircut": 2.0086804533,
        "bias": 0.2847662037,
        "bias_by_haircut": -5.5966754286,
        "margin_threshold": 0.3237960500,
        "margin_threshold_fixed_point": 1.5882082467,
        "shut_rate": 0.2419902142,
    },
    (7, 8, 9),
)
"""The option, the bias and the thresholds at h = 0.2, r = 0.02."""
