"""Pledgeable securities in a rational expectations equilibrium, claim by claim."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from scenarios.pledge import SOURCE, option, pledgeable_securities, propositions
from scenarios.pledge import closed_form as theory
from scenarios.pledge.errata import ERRATA
from scenarios.pledge.pledgeability import SCENARIO, Pledgeability
from scenarios.pledge.published import AMPLE, CASES, CLEARED, IMPLIED, OPTION
from simulator.parameters import parse
from simulator.published import Claim, LeftOut, Paper, Published, claims
from simulator.replication import CERTIFIED, Measured, drawing
from simulator.run import Run, simulate

COEFFICIENTS = ("b0", "b1", "b2", "b3", "tau_theta")

NAMES = ("b0", "b1", "b2")


def _run(row: Published, **more: object) -> Run[Pledgeability]:
    return simulate(SCENARIO, parse(Pledgeability, {**row.parameters, **more}), studies=False)


def believed(row: Published) -> Measured:
    """Coefficients and log price that investors believe, in a run of a day and by the equations."""
    run = _run(row, investors=100)
    p, day = run.parameters, run.details[-1]
    solved = theory.coefficients(p.primitives, p.haircut, p.rate, p.belief)
    assert p.log_value is not None
    assert p.log_noise is not None
    pledge = option.log_pledge_value(p.haircut, p.rate, p.value_precision)
    equations = {
        **{name: getattr(solved, name) for name in COEFFICIENTS},
        "log_price": solved.log_price(p.log_value, p.log_noise, pledge),
    }
    told: Any = day["coefficients"]
    prices: Any = day["log_prices"]
    simulated = {**told["belief"], "log_price": prices["belief"], CERTIFIED: run.certificate.holds}
    return Measured(simulated, equations, run.certificate.holds)


def implied(row: Published) -> Measured:
    """Coefficients that the orders of believers imply."""
    run = _run(row, investors=60)
    told: Any = run.details[-1]["coefficients"]
    certified = run.certificate.holds
    return Measured({**told["realised"], CERTIFIED: certified}, {}, certified)


def cleared(row: Published) -> Measured:
    """Quotes at which the spot and the repo market clear."""
    run = _run(row, investors=100)
    return Measured(dict(run.equilibrium), run.closed_form or {}, run.certificate.holds)


def option_and_thresholds(row: Published) -> Measured:
    """The call, the bias and the thresholds, which no trade decides."""
    p = parse(Pledgeability, row.parameters)
    terms = (p.haircut, p.rate, p.value_precision)
    call = option.call(*terms)
    return Measured(
        {},
        {
            "call_value": call.value,
            "d1": call.d1,
            "d2": call.d2,
            "log_pledge_value": option.log_pledge_value(*terms),
            "call_by_haircut": option.call_by_haircut(*terms),
            "bias": propositions.pledgeability_bias(p.primitives, p.haircut, p.rate),
            "bias_by_haircut": propositions.bias_by_haircut(p.primitives, p.haircut, p.rate),
            "margin_threshold": option.margin_threshold(*terms),
            "margin_threshold_fixed_point": option.margin_threshold_fixed_point(
                p.haircut, p.value_precision
            ),
            "shut_rate": option.shut_rate(p.haircut, p.value_precision),
        },
    )


def learned(row: Published) -> Measured:
    """Where investors end who learn from what their own orders bring about."""
    run = _run(row)
    told: Any = run.details[-1]["coefficients"]
    end = {f"{name} realised": told["realised"][name] for name in NAMES}
    p = run.parameters
    belief: theory.Version = "printed-noise" if p.demand == "paper" else "corrected"
    solved = theory.coefficients(p.primitives, p.haircut, p.rate, belief)
    equations = {f"{name} realised": getattr(solved, name) for name in NAMES}
    gap = max(abs(told["realised"][n] - told["conjecture"][n]) for n in NAMES)
    told = {**end, "realised less conjectured": gap}
    return Measured(told, equations, run.certificate.holds, drawing(run, "coefficients_by_day"))


def bias_over_haircuts(row: Published) -> Measured:
    """Prices of one value at several haircuts and rates: runs of a continuum, a day each."""
    prices, certified, calls = {}, True, []
    haircuts = (0.15, 0.2, 0.25)
    p = parse(Pledgeability, row.parameters)
    for haircut in haircuts:
        run = _run(row, haircut=haircut, investors=300)
        prices[haircut] = run.dates["bias"].iloc[-1]
        certified = certified and run.certificate.holds
        calls.append(option.call(haircut, p.rate, p.value_precision).value)
    dear = _run(row, repo_rate=0.3, investors=300)
    told = {
        "bias falls as the haircut rises": bool(np.all(np.diff(list(prices.values())) < 0.0)),
        "call rises with the haircut": bool(np.all(np.diff(calls) > 0.0)),
        "bias where the repo rate is above that at which repo shuts": dear.dates["bias"].iloc[-1],
        "threshold is above the rate at which repo shuts": all(
            option.margin_threshold(h, p.rate, p.value_precision)
            > option.shut_rate(h, p.value_precision) > p.rate
            for h in haircuts
        ),
    }  # fmt: skip
    return Measured(told, {}, certified and dear.certificate.holds)


def noise(row: Published) -> Measured:
    """Weight of noise in the price with repo and without it, as the orders of a day imply it."""
    weights, certified = {}, True
    for name, more in (("with", {}), ("without", {"haircut": 0.95})):
        run = _run(row, investors=60, **more)
        told: Any = run.details[-1]["coefficients"]
        weights[name] = told["realised"]["b2"]
        certified = certified and run.certificate.holds
    p = parse(Pledgeability, row.parameters)
    extra = propositions.extra_noise(p.primitives, p.haircut, p.rate, "corrected")
    return Measured(
        {
            "extra weight of noise with repo": weights["with"] - weights["without"],
            "noise weighs more with repo": weights["with"] > weights["without"],
        },
        {"extra weight of noise with repo": extra},
        certified,
    )


def several(row: Published) -> Measured:
    """One value, several haircuts, several prices; and prices that move with their haircuts."""
    scenario = pledgeable_securities.SCENARIO
    one = scenario.run(haircuts=[0.15, 0.2, 0.6], population="continuum", investors=300, days=3)
    report = one.printed
    assert report is not None
    common: dict[str, Any] = {"payoffs": "independent", "haircuts": [0.14, 0.14], "seed": 3}
    moving = scenario.run(**common, investors=500, days=120, swing=0.2)
    moved = moving.printed
    assert moved is not None
    first = moved.iloc[0]
    gap = abs(first["price_correlation"] - first["closed_price_correlation"])
    told = {
        "same value, lower haircut, higher price": bool(
            (one.dates["log_price_A"] > one.dates["log_price_B"]).all()
        ),
        "gap of prices less that of the closed form": float(
            (report["mean_gap"] - report["closed_mean_gap"]).abs().max()
        ),
        "haircuts move prices of independent values together": bool(
            first["price_correlation"] > 0.1
            and gap < 4.0 * first["standard_error"]
        ),
    }  # fmt: skip
    return Measured(told, {}, one.certificate.holds and moving.certificate.holds)


def _statement(case: str, place: str, expected: dict[str, object], **more: Any) -> Published:
    return Published(
        case, "pledgeability", SOURCE, place, expected=expected,
        **{"kind": "proposition", "tolerance": 1e-9, **more},
    )  # fmt: skip


_CORRECTED = {f"{name} realised": CASES[2].expected[name] for name in NAMES}
_REPAIRED = {f"{name} realised": CASES[1].expected[name] for name in NAMES}
_DAY = {"belief": "corrected", "learning": "none", "days": 1, "log_value": 0.2, "log_noise": 0.3}

CLAIMS: tuple[Claim, ...] = (
    Claim(OPTION, option_and_thresholds),
    *claims(believed, CASES),
    *claims(implied, IMPLIED),
    Claim(
        _statement(
            "learning with Bayes' rule", "Proposition 8, a linear price is fulfilled",
            {**_CORRECTED, "realised less conjectured": 0.0},
            parameters={"belief": "printed", "investors": 500, "days": 6}, errata=(1, 2, 3, 4),
        ),
        learned,
    ),
    Claim(
        _statement(
            "learning with the paper's own demands", "Proposition 8, a linear price is fulfilled",
            {**_REPAIRED, "realised less conjectured": 0.0},
            parameters={"belief": "printed", "demand": "paper", "investors": 500, "days": 30},
            errata=(1,),
        ),
        learned,
    ),
    *claims(cleared, CLEARED),
    Claim(
        _statement(
            "default parameters", "Remark 1",
            {"noise weighs more with repo": True, "extra weight of noise with repo": 0.2571428571},
            parameters=_DAY, errata=(1, 2, 3, 4),
        ),
        noise,
    ),
    Claim(
        _statement(
            "ample wealth and imprecise signals: the contrary", "Remark 1",
            {"noise weighs more with repo": False},
            parameters={**_DAY, **AMPLE}, errata=(1, 2, 3, 4),
        ),
        noise,
    ),
    Claim(
        _statement(
            "haircuts of 15%, 20% and 25%", "Lemma 9, Proposition 10",
            {
                "call rises with the haircut": True,
                "bias falls as the haircut rises": True,
                "bias where the repo rate is above that at which repo shuts": 0.0,
                "threshold is above the rate at which repo shuts": True,
            },
            parameters={**_DAY, "population": "continuum"}, errata=(7, 8, 9),
        ),
        bias_over_haircuts,
    ),
    Claim(
        replace(
            _statement(
                "several securities", "section 4.5, (29): one price fails, and comovement",
                {
                    "same value, lower haircut, higher price": True,
                    "gap of prices less that of the closed form": 0.0,
                    "haircuts move prices of independent values together": True,
                },
                errata=(1, 2, 3, 4),
            ),
            scenario="pledgeable-securities",
        ),
        several,
    ),
)  # fmt: skip

PAPERS = (
    Paper(
        "ramirez",
        SOURCE,
        CLAIMS,
        ERRATA,
        (
            LeftOut(
                "Proposition 8", "the printed coefficients are those of an equilibrium",
                "they are not a fixed point: orders of investors who believe them imply other"
                " coefficients, with Bayes' rule (errata 1 to 4) and with the paper's own demands"
                " (erratum 1); see the claims above on what orders of believers imply",
            ),
            LeftOut(
                "Proposition 8", "uniqueness",
                "from all beliefs tried learning ends at one point; that there is no other is not"
                " shown by simulation",
            ),
            LeftOut(
                "Lemma 2", "payoffs in the bad scenario lie below those in the good one",
                "not true at a common final value: erratum 10",
            ),
            LeftOut(
                "(13)", "clearing of repo at a given repo rate",
                "one quote would have to clear two markets: erratum 10; with a quoted rate it"
                " clears, see the claims on both markets",
            ),
            LeftOut(
                "Lemmas 1, 3 to 6, Proposition 7", "demands and the call, by formulas",
                "no numbers are printed; every certificate checks orders against an optimiser, and"
                " the coefficients above follow from them",
            ),
            LeftOut("(A.37)", "a formula in the appendix", "no part of the argument: erratum 11"),
        ),
    ),
)  # fmt: skip
