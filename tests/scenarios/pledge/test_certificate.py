"""The certificate of a day: what passes, and what must fail."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from scenarios.pledge.certificate import certify, learning_tolerance, pledge_gain
from scenarios.pledge.option import call
from scenarios.pledge.pledgeability import SCENARIO, Pledgeability
from simulator.parameters import parse
from simulator.run import simulate


def day() -> tuple[dict[str, Any], pd.DataFrame]:
    """What a certificate is given, of a day that passes."""
    parameters = {
        "belief": "corrected", "learning": "none", "days": 1, "investors": 500,
        "log_value": 0.2, "log_noise": 0.3,
    }  # fmt: skip
    run = simulate(SCENARIO, parse(Pledgeability, parameters), studies=False)
    fields = {
        "primitives": Pledgeability().primitives,
        "repo_rate": 0.02,
        "log_prices": np.array([run.equilibrium["log_price"]]),
        "complete": True,
        "forecast_tolerance": 1e-9,
    }
    return fields, run.agents.copy()


def failed(fields: dict[str, Any], agents: pd.DataFrame) -> list[str]:
    return [condition.name for condition in certify(agents=agents, **fields).failed()]


def test_a_day_in_equilibrium_passes() -> None:
    fields, agents = day()
    assert failed(fields, agents) == []


def test_one_wrong_order_fails_twice() -> None:
    fields, agents = day()
    agents["order"] += np.where(agents.index == 7, 1e-5, 0.0)
    assert failed(fields, agents) == ["clearing", "best orders"]


def test_two_orders_swapped_between_investors_fail_though_the_market_clears() -> None:
    fields, agents = day()
    spot = agents.index[agents["role"] == "spot"][:2]
    agents.loc[spot, "order"] = agents.loc[spot[::-1], "order"].to_numpy()
    assert failed(fields, agents) == ["best orders"]


def test_a_forecast_counts_by_the_mass_of_who_makes_it() -> None:
    fields, agents = day()
    few = agents[agents["role"] == "spot"].iloc[:1].copy()
    few["forecast_constant"] += 0.5
    few[["mass", "order", "wealth"]] *= 1e-13
    assert failed(fields, pd.concat([agents, few], ignore_index=True)) == ["best orders"]
    few[["mass", "wealth"]] = agents[["mass", "wealth"]].iloc[-1].to_list()
    assert "right forecasts" in failed(fields, pd.concat([agents, few], ignore_index=True))


def test_every_security_has_a_repo_rate_of_its_own() -> None:
    fields, agents = day()
    twice = pd.concat([agents, agents.assign(security=1)], ignore_index=True)
    fields["log_prices"] = np.tile(fields["log_prices"], 2)
    assert failed(fields | {"repo_rate": np.array([0.02, 0.02])}, twice) == []
    assert failed(fields | {"repo_rate": np.array([0.02, 0.05])}, twice) != []


def test_a_wrong_price_fails() -> None:
    fields, agents = day()
    assert failed(fields | {"log_prices": fields["log_prices"] + 1e-3}, agents) == ["best orders"]


@pytest.mark.parametrize("weight", ["constant", "on_price", "on_pledge", "on_signal", "variance"])
def test_forecasts_that_are_a_little_wrong_fail(weight: str) -> None:
    fields, agents = day()
    agents[f"forecast_{weight}"] *= 1.0 + 1e-6
    assert "right forecasts" in failed(fields, agents)


def test_orders_beyond_what_is_owned_fail_where_limits_are_imposed() -> None:
    fields, agents = day()
    certificate = certify(agents=agents, **fields | {"limits_imposed": True})
    assert [condition.name for condition in certificate.failed()] == ["limits"]


def test_of_a_sample_clearing_is_not_claimed() -> None:
    fields, agents = day()
    names = [c.name for c in certify(agents=agents[::3], **fields | {"complete": False}).conditions]
    assert names == ["best orders", "right forecasts"]


def test_the_certificate_values_the_call_by_integration() -> None:
    for haircut, rate, precision in ((0.2, 0.02, 4.0), (0.35, 0.01, 10.0), (0.5, 0.4, 1.0)):
        closed = call(haircut, rate, precision).value
        assert pledge_gain(haircut, rate, precision) == pytest.approx(closed - haircut, abs=1e-11)


def test_regression_on_few_days_is_not_passed_off_as_an_equilibrium_of_other_beliefs() -> None:
    assert learning_tolerance(60, 2.0, 50.0) > 0.41  # a short run could not tell them apart
    assert learning_tolerance(200, 2.0, 50.0) < 0.30


def test_an_order_that_is_no_number_fails() -> None:
    fields, agents = day()
    agents.loc[7, "order"] = np.nan
    assert failed(fields, agents) == ["clearing", "best orders"]


def test_one_security_does_not_hide_that_another_has_no_number() -> None:
    fields, agents = day()
    other = agents.assign(security=1)
    other.loc[7, "order"] = np.nan
    both = pd.concat([agents, other], ignore_index=True)
    prices = np.repeat(fields["log_prices"], 2)
    assert failed(fields | {"log_prices": prices}, both) == ["clearing", "best orders"]
