"""Haircuts that bound what a lender in repo may lose: the four cases of footnote 4."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from markets.margin import Known
from markets.pledge.lender_margin import Covered, LenderMargin
from markets.refused import Refused

RULE = LenderMargin(
    tail=0.4, value_precision=4.0, covered="principal", tolerated=0.0, endowment=0.1, least=0.0
)


def after(repo_rate: float, lent: float) -> Known:
    """The day after loans against so many securities at a repo rate."""
    return Known(2.0, charged=0.1, closed=2.0, position=lent, repo_rate=repo_rate)


def loses(rule: LenderMargin, haircut: float, draws: int = 400_000) -> float:
    """Share of draws of v/p in which a lender loses more than it tolerates."""
    sigma = rule.value_precision**-0.5
    errors = np.random.default_rng(1).standard_normal(draws)
    worth = np.exp(sigma * errors - 0.5 * sigma**2)
    owed = 1.0 + (0.1 if rule.covered == "repayment" else 0.0)
    loss = 0.3 * ((1.0 - haircut) * owed - worth)
    return float(np.mean(loss > rule.tolerated))


@pytest.mark.parametrize("covered", ["principal", "repayment"])
@pytest.mark.parametrize("tolerated", [0.0, 0.02])
def test_the_loss_exceeds_what_is_tolerated_with_the_probability_asked_for(
    covered: Covered, tolerated: float
) -> None:
    rule = replace(RULE, covered=covered, tolerated=tolerated)
    haircut = rule.haircut(after(0.1, 0.3 * rule.endowment))
    assert 0.0 < haircut < 1.0
    # the standard error of a share of 0.4 in so many draws is 0.0008
    assert loses(rule, haircut) == pytest.approx(0.4, abs=0.004)
    assert loses(rule, haircut - 0.01) > 0.405
    assert loses(rule, haircut + 0.01) < 0.395


@given(rate=st.floats(0.0, 1.0), lent=st.floats(0.001, 1.0))
def test_each_case_depends_on_what_the_footnote_says(rate: float, lent: float) -> None:
    constant = RULE.haircut(Known(1.0))
    assert RULE.haircut(after(rate, lent)) == constant == RULE.haircut(Known(3.0))
    by_rate = replace(RULE, covered="repayment")
    expected = 1.0 - (1.0 - constant) / (1.0 + rate)
    assert by_rate.haircut(after(rate, lent)) == pytest.approx(expected, abs=1e-15)
    by_exposure = replace(RULE, tolerated=0.01)
    rest = math.exp(math.log1p(-constant)) + 0.01 * 0.1 / lent
    assert by_exposure.haircut(after(rate, lent)) == pytest.approx(max(1.0 - rest, 0.0), abs=1e-14)
    by_both = replace(by_exposure, covered="repayment")
    assert by_both.haircut(after(rate, lent)) == pytest.approx(
        max(1.0 - rest / (1.0 + rate), 0.0), abs=1e-14
    )


def test_whoever_lends_nothing_needs_no_haircut_and_none_is_below_the_least() -> None:
    idle = replace(RULE, tolerated=0.1, least=0.15)
    assert idle.haircut(after(0.02, 0.0)) == 0.15
    assert replace(RULE, tail=1e-300, value_precision=1e-4).haircut(Known(1.0)) < 1.0


@pytest.mark.parametrize(("field", "value"), [("tail", 0.0), ("tail", 1.0), ("tolerated", -0.1)])
def test_numbers_out_of_range_are_refused(field: str, value: float) -> None:
    changed: dict[str, Any] = {field: value}
    with pytest.raises(Refused, match=str(value)):
        replace(RULE, **changed)
