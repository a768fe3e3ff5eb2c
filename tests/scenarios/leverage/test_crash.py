"""A crash taken apart: the parts by hand, and when there is nothing to take apart."""

from __future__ import annotations

import pandas as pd
import pytest

from scenarios.leverage.crash import between, taken_apart
from scenarios.leverage.leverage_cycle import SCENARIO


def test_the_parts_are_what_they_are_said_to_be() -> None:
    """Two halves of a line; the upper one is ruined. Worth is the belief itself."""
    after = pd.DataFrame(
        {"weight": [0.5, 0.5], "endowed_cash": [2.0, 0.0], "endowed_loans": [0.0, 0.0],
         "endowed_asset": [1.0, 1.0], "loan_due": [0.0, 0.0]}
    )  # fmt: skip
    crash = taken_apart(
        after, float, float, (0.9, 0.1), borrowed=0.0, buyer=0.8
    )  # worth and share below are the belief: uniform on the line
    assert crash.fall == pytest.approx(0.8)
    assert crash.news == pytest.approx(0.1)
    # above h in (0, 1/2): (1/2 - h) (2 + h) + h / 2 = h, so h^2 + 2 h - 1 = 0
    middle = 2.0**0.5 - 1.0
    assert crash.ruined == pytest.approx(0.8 - middle)
    assert crash.margins == pytest.approx(middle - 0.1)
    assert sum(list(crash.columns().values())[1:]) == pytest.approx(crash.fall)


def test_only_bad_news_between_two_dates_of_one_case_is_a_crash() -> None:
    run = SCENARIO.run(payoffs=[1.0, 0.8, 0.2], news=["good"], leverage="none")
    assert SCENARIO.report(run) is None
    capped = SCENARIO.run(leverage="capped")
    none = SCENARIO.run(leverage="none")
    assert between(capped.parameters, *capped.ends) is not None
    assert between(capped.parameters, capped.ends[0], none.ends[1]) is None
    listed = SCENARIO.run(beliefs=[0.3, 0.6, 0.9], population="individuals", leverage="none")
    assert SCENARIO.report(listed) is None
