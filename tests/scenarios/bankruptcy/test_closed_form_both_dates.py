"""Two investors with utility quadratic at both dates: conditions of every regime, and by rounds."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from markets.refused import Refused
from scenarios.bankruptcy.bankruptcy import SCENARIO, TwoInvestors
from scenarios.bankruptcy.closed_form_both_dates import solve
from simulator.outcome import Outcome
from simulator.parameters import parse
from simulator.run import simulate

PAIR = st.tuples


@given(
    weight=PAIR(st.floats(0.5, 3.0), st.floats(0.5, 3.0)),
    satiation=PAIR(st.floats(5.0, 9.0), st.floats(5.0, 9.0)),
    now=PAIR(st.floats(0.1, 2.4), st.floats(0.1, 2.4)),
    later=PAIR(st.floats(0.1, 2.4), st.floats(0.1, 2.4)),
    limit=st.one_of(st.just(math.inf), st.floats(0.01, 2.0)),
)
def test_first_order_conditions_hold_or_a_bound_binds(
    weight: tuple[float, float],
    satiation: tuple[float, float],
    now: tuple[float, float],
    later: tuple[float, float],
    limit: float,
) -> None:
    found = solve(weight, satiation, now, later, limit)
    b, other = found.borrower, 1 - found.borrower
    z, q, r = found.promised, found.bond_price, found.repayment_rate
    assert 0.0 <= z <= limit
    assert r == (min(1.0, later[b] / z) if z > 0.0 else 1.0)
    if found.regime == "no trade":
        return
    spent = q * z
    borrower = weight[b] * (satiation[b] - now[b] - spent) * q - (satiation[b] - later[b] + z)
    lender = r * (satiation[other] - later[other] - r * z)
    lender -= weight[other] * (satiation[other] - now[other] + spent) * q
    assert spent <= now[other] * (1.0 + 1e-12)
    assert borrower >= -1e-8
    assert lender >= -1e-8
    if found.regime != "short limit binds":
        assert borrower == pytest.approx(0.0, abs=1e-8)
    if spent < now[other] * (1.0 - 1e-9):
        assert lender == pytest.approx(0.0, abs=1e-8)


EACH = {"satiation": (6.0, 6.0), "endowment_now": (0.5, 3.0), "endowment_later": (0.5, 1.0)}
REGIMES: dict[str, dict[str, Any]] = {
    "no bankruptcy": {"endowment_later": (2.5, 1.0)},
    "bankruptcy": {"weight": (2.0, 1.0)},
    "lender spends all": {"weight": (2.0, 0.5), "endowment_now": (0.5, 0.5)},
    "short limit binds": {"short_limit": 0.2},
    "no trade": {"endowment_now": (2.0, 2.0), "endowment_later": (1.0, 1.0)},
    "no borrowing allowed": {"short_limit": 0.0},
}


@pytest.mark.parametrize(("regime", "changed"), REGIMES.items(), ids=list(REGIMES))
def test_every_regime_is_found_by_the_rounds(regime: str, changed: dict[str, Any]) -> None:
    changed = {"weight": (1.0, 1.0), **EACH, **changed}
    given: dict[str, Any] = {
        f"{role}_{name}": value
        for name, pair in changed.items()
        if name != "short_limit"
        for role, value in zip(("borrower", "lender"), pair, strict=True)
    }
    run = SCENARIO.run(
        utility="quadratic at both dates", polish=True, studies=False,
        short_limit=changed.get("short_limit"), **given,
    )  # fmt: skip
    assert run.outcome is Outcome.CLEARED
    assert run.dates["regime"].iloc[0] == regime
    assert run.closed_form is not None
    for name, value in run.closed_form.items():
        found = run.dates["promised"].iloc[0] if name == "promised" else run.equilibrium[name]
        assert found == pytest.approx(value, abs=1e-10), name


def test_with_weights_of_one_the_price_is_that_of_the_asset_pricing_model() -> None:
    """(g_b + g_l) / (G_b + G_l), whatever the promise, unless a bound binds."""
    found = solve((1.0, 1.0), (6.0, 7.0), (0.5, 3.0), (2.5, 1.0))
    assert found.regime == "no bankruptcy"
    assert found.bond_price == pytest.approx((3.5 + 6.0) / (5.5 + 4.0), abs=1e-12)


def test_satiation_has_to_lie_above_all_goods_of_both_dates() -> None:
    given: dict[str, Any] = {"lender_satiation": 9.0, "borrower_satiation": 3.5}
    assert SCENARIO.run(studies=False, **given).outcome is Outcome.CLEARED
    with pytest.raises(Refused, match=r"borrower_satiation is 3.5; .* 4, all goods at date 0"):
        SCENARIO.run(utility="quadratic at both dates", **given)


def test_the_figure_has_indifference_curves_through_the_choices() -> None:
    given = {"utility": "quadratic at both dates", "borrower_satiation": 6, "lender_satiation": 6}
    run = simulate(SCENARIO, parse(TwoInvestors, given), studies=False)
    (axes,) = run.plot()["net_trade_diagram"].axes
    now = run.agents["consumption_now"] - run.agents["endowed_now"]
    later = run.agents["consumption_later"] - run.agents["endowed_later"]
    for role, member in (("borrower", 0), ("lender", 1)):
        (line,) = (x for x in axes.lines if x.get_label() == f"indifference curve of the {role}")
        x, y = (np.asarray(values, dtype=float) for values in line.get_data())
        assert np.interp(now[member], x, y) == pytest.approx(later[member], abs=1e-2)
