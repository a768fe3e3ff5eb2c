"""Published coefficients, option, bias and thresholds: by the closed form, and by a run."""

from typing import Any

import pytest

from scenarios.pledge import closed_form as theory
from scenarios.pledge import option, propositions
from scenarios.pledge.pledgeability import SCENARIO, Pledgeability
from scenarios.pledge.published import CASES, CLEARED, IMPLIED, OPTION
from simulator.outcome import Outcome
from simulator.parameters import parse
from simulator.published import Published
from simulator.run import simulate

IDS = [row.case for row in CASES]


@pytest.mark.parametrize("row", CASES, ids=IDS)
def test_the_closed_form_has_the_published_coefficients(row: Published) -> None:
    p = parse(Pledgeability, row.parameters)
    solved = theory.coefficients(p.primitives, p.haircut, p.rate, p.belief)
    log_pledge = option.log_pledge_value(p.haircut, p.rate, p.value_precision)
    assert p.log_value is not None
    assert p.log_noise is not None
    values = {
        **{name: getattr(solved, name) for name in ("b0", "b1", "b2", "b3", "tau_theta")},
        "log_price": solved.log_price(p.log_value, p.log_noise, log_pledge),
    }
    assert {name: values[name] for name in row.expected} == pytest.approx(
        dict(row.expected), abs=row.tolerance
    )


@pytest.mark.parametrize("row", CASES, ids=IDS)
def test_a_run_says_what_is_believed(row: Published) -> None:
    parameters = parse(Pledgeability, {**row.parameters, "investors": 100})
    details: Any = simulate(SCENARIO, parameters, studies=False).details[-1]
    values = {
        **details["coefficients"]["belief"],
        "log_price": details["log_prices"]["belief"],
    }
    assert {name: values[name] for name in row.expected} == pytest.approx(
        dict(row.expected), abs=row.tolerance
    )


@pytest.mark.parametrize("row", IMPLIED, ids=[row.case for row in IMPLIED])
def test_a_run_says_what_the_orders_of_believers_imply(row: Published) -> None:
    run = simulate(
        SCENARIO, parse(Pledgeability, {**row.parameters, "investors": 60}), studies=False
    )
    details: Any = run.details[-1]
    realised = details["coefficients"]["realised"]
    expected = dict(row.expected)
    assert {name: realised[name] for name in expected} == pytest.approx(expected, abs=row.tolerance)
    reported = run.printed
    assert reported is not None
    table = reported.set_index("price_function").loc["realised"]
    assert {name: table[name] for name in expected} == pytest.approx(expected, abs=row.tolerance)
    # only the belief that its own orders confirm is an equilibrium, in the paper's own terms
    confirmed = row.parameters.get("demand") == "paper" and row.parameters["belief"] != "printed"
    assert run.outcome is (Outcome.CLEARED if confirmed else Outcome.NOT_CERTIFIED)


@pytest.mark.parametrize("row", CLEARED, ids=[row.case for row in CLEARED])
def test_both_markets_clear_at_the_published_quotes(row: Published) -> None:
    parameters = parse(Pledgeability, {**row.parameters, "investors": 100})
    run = simulate(SCENARIO, parameters, studies=False)
    assert run.outcome is Outcome.CLEARED
    assert dict(run.equilibrium) == pytest.approx(dict(row.expected), abs=row.tolerance)


def test_option_bias_and_thresholds_are_the_published_ones() -> None:
    p = parse(Pledgeability, OPTION.parameters)
    terms = (p.haircut, p.rate, p.value_precision)
    call = option.call(*terms)
    values = {
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
    }
    assert values == pytest.approx(dict(OPTION.expected), abs=OPTION.tolerance)
