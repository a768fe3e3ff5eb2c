"""Markets for pledgeable securities, and the margin rule that reads the past."""

import numpy as np
import pytest

from markets.margin import (
    FlatMargin,
    HistoricalMargin,
    MarginRule,
    ValueAtRiskMargin,
)
from markets.pledge.market import PledgeableMarket, RepoTerms


def terms(haircut: float, repo_rate: float = 0.02) -> RepoTerms:
    return RepoTerms.of(np.array([haircut]), np.array([repo_rate]), 4.0)


def test_terms_say_when_pledging_pays() -> None:
    # Lemma 4: h < chi
    assert terms(0.2).active[0]
    assert terms(0.2).log_pledge_value[0] == pytest.approx(0.3559577546, abs=5e-10)
    assert terms(0.2).leverage[0] == pytest.approx(4.0)
    assert not terms(0.6).active[0]
    assert terms(0.6).log_pledge_value[0] == 0.0


def test_a_market_starts_at_the_mean_value_and_names_its_securities() -> None:
    market = PledgeableMarket(-0.125, ["A", "B"])
    assert market.first_quotes() == {"log_price_A": -0.125, "log_price_B": -0.125}
    assert market.locate({"log_price_A": 1.0, "log_price_B": 2.0}, terms(0.2)).tolist() == [1, 2]
    assert PledgeableMarket(0.5).first_quotes() == {"log_price": 0.5}


def test_value_at_risk_covers_the_lender_in_all_but_the_tail() -> None:
    rng = np.random.default_rng(3)
    returns = 0.3 * rng.standard_normal(400)
    rule = ValueAtRiskMargin(0.1, window=400)
    for gained in returns:
        rule = rule.after(float(gained))
    loan = 1.0 - rule.haircut(price=1.0)
    assert np.mean(np.exp(returns) < loan) == pytest.approx(0.1, abs=1.0 / 400)


def test_value_at_risk_forgets_and_waits_for_a_past() -> None:
    rule = ValueAtRiskMargin(0.25, least=0.05, window=4)
    assert rule.haircut(1.0) == 0.05
    for gained in (-2.0, -0.5, -0.5, -0.5, -0.5):
        rule = rule.after(gained)
    assert rule.past == (-0.5,) * 4
    assert rule.haircut(1.0) == pytest.approx(1.0 - np.exp(-0.5))
    assert rule.after(3.0).after(3.0).after(3.0).after(3.0).haircut(1.0) == 0.05


def test_both_rules_are_margin_rules_and_one_reads_the_past() -> None:
    rules: list[MarginRule] = [FlatMargin(0.1), ValueAtRiskMargin(0.1)]
    assert [isinstance(rule, HistoricalMargin) for rule in rules] == [False, True]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"tail": 0.0}, "tail is 0.0; it must lie strictly between 0 and 1"),
        ({"tail": 0.1, "least": 1.0}, "haircut is 1.0"),
        ({"tail": 0.1, "window": 0}, "window is 0"),
    ],
)
def test_numbers_outside_their_range_are_refused(given: dict[str, float], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        ValueAtRiskMargin(**given)  # type: ignore[arg-type]
