"""Rounds: accounts in every one of them, invariances, outcomes."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.repo.clearing_house import RepoClearingHouse
from agents.repo.traders import Traders
from markets.adjustment.plain import PlainTatonnement
from markets.adjustment.rule import Adjuster
from markets.adjustment.safeguarded import SafeguardedTatonnement
from markets.adjustment.successive import SuccessiveTatonnement
from markets.instruments import Security
from markets.margin import FlatMargin
from markets.quote import FloatArray
from markets.repo.market import RepoMarket
from scenarios.exchange.exchange import Exchange, build
from scenarios.exchange.published import KEHOE
from simulator.economy import Economy
from simulator.knowledge import Knowledge
from simulator.outcome import Outcome
from simulator.parameters import parse

FIELDS = ("cash", "securities", "income_up", "income_down")
ACCOUNTS = ("balance_now", "balance_up", "balance_down", "balance_collateral")


def economy(
    haircut: float,
    cohorts: dict[str, dict[str, Any]],
    *,
    payoffs: tuple[float, float] = (0.70, 1.15),
    adjuster: Adjuster | None = None,
    start: str | dict[str, float] = "primitives",
) -> Economy:
    made = Economy(RepoMarket(Security(*payoffs)), adjuster=adjuster, start=start)
    RepoClearingHouse(made, FlatMargin(haircut))
    for name, given_fields in cohorts.items():
        Traders(made, name, **given_fields)
    return made


def random_cohort(seed: int, members: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    return {
        "beliefs": rng.beta(rng.uniform(0.5, 4.0), 1.5, members).clip(1e-6, 1 - 1e-6),
        "cash": rng.lognormal(0.0, 1.0, members),
        "securities": rng.uniform(0.0, 3.0, members),
        "income_up": rng.choice([0.0, 1.0, 100.0]) * rng.uniform(size=members),
        "income_down": rng.choice([0.0, 1.0, 1000.0]) * rng.uniform(size=members),
    }


def record(made: Economy) -> pd.DataFrame:
    assert made.record is not None
    return made.record.frame()


@given(
    st.integers(0, 100_000),
    st.integers(2, 200),
    st.one_of(st.just(0.0), st.floats(0.003, 0.9)),
    st.floats(-2.0, 2.0),
)
def test_random_economies_clear_and_their_accounts_are_zero_in_every_round(
    seed: int, members: int, haircut: float, far: float
) -> None:
    """Heterogeneous traders, few or many, any margin, starts far off."""
    made = economy(
        haircut,
        {"traders": random_cohort(seed, members)},
        start={"security_price": float(np.exp(far)), "repo_rate": min(far, 0.0) / 4.0},
    )
    assert made.clear() is Outcome.CLEARED
    rounds = record(made)
    book = rounds.margin_held.abs() / max(haircut, 1e-3) + rounds.security_price
    for name in ACCOUNTS:
        assert (rounds[name].abs() / book).max() <= 1e-12
    assert rounds.walras.abs().max() <= 1e-12
    assert (rounds.repo_rate <= 0.0).all()
    assert (rounds.security_price > 0.0).all()
    last = rounds.iloc[-1]
    assert abs(last.security_excess_share) <= 1e-10
    assert last.reinvestment_excess_share <= 1e-10
    if last.repo_rate < 0.0:
        assert abs(last.reinvestment_excess_share) <= 1e-10


def test_two_traders_clear_exactly() -> None:
    """The smallest market: one marginal trader, filled in part."""
    made = economy(0.02, {"two": {"beliefs": [0.3, 0.6], "income_down": 100.0}})
    assert made.clear() is Outcome.CLEARED
    held = made.cohorts[0].table()
    traded = held.repo_lending.sum() + held.repo_borrowing.sum() + 2.0
    assert held.security.sum() == pytest.approx(2.0, abs=1e-10 * traded)
    assert held.cash.sum() == pytest.approx(2.0, abs=1e-10 * traded)


def test_traders_who_all_believe_the_same_share_what_there_is() -> None:
    made = economy(0.02, {"alike": {"beliefs": [0.4] * 50, "income_down": 100.0}})
    assert made.clear() is Outcome.CLEARED
    assert made.quotes["security_price"] == pytest.approx(0.6 * 1.15 + 0.4 * 0.70, rel=1e-12)
    held = made.cohorts[0].table()
    assert held.security.to_numpy() == pytest.approx(np.ones(50), abs=1e-8)


@given(st.integers(0, 100_000), st.floats(0.01, 100.0))
def test_numeraire_does_not_matter(seed: int, unit: float) -> None:
    """Payoffs, cash and incomes in another currency scale the price and nothing else."""
    cohort = random_cohort(seed, 60)
    scaled = {k: (v if k in ("beliefs", "securities") else v * unit) for k, v in cohort.items()}
    here = economy(0.05, {"a": cohort})
    there = economy(0.05, {"a": scaled}, payoffs=(0.70 * unit, 1.15 * unit))
    assert here.clear() is there.clear() is Outcome.CLEARED
    assert there.quotes["security_price"] / unit == pytest.approx(
        here.quotes["security_price"], rel=1e-8
    )
    assert there.quotes["repo_rate"] == pytest.approx(here.quotes["repo_rate"], rel=1e-7, abs=1e-9)


@given(st.integers(0, 100_000), st.randoms(use_true_random=False))
def test_order_of_members_and_of_cohorts_does_not_matter_to_the_last_bit(
    seed: int, shuffle: Any
) -> None:
    cohorts = {"a": random_cohort(seed, 30), "b": random_cohort(seed + 1, 20)}
    mixed = {}
    for name in ("b", "a"):
        order = list(range(len(cohorts[name]["beliefs"])))
        shuffle.shuffle(order)
        mixed[name] = {key: value[order] for key, value in cohorts[name].items()}
    one, other = economy(0.04, cohorts), economy(0.04, mixed)
    one.clear()
    other.clear()
    pd.testing.assert_frame_equal(record(one), record(other), check_exact=True)


def test_two_cohorts_are_one_market() -> None:
    """Splitting a cohort into two changes nothing but rounding."""
    whole = random_cohort(7, 100)
    first = {key: value[:40] for key, value in whole.items()}
    second = {key: value[40:] for key, value in whole.items()}
    together, apart = economy(0.03, {"all": whole}), economy(0.03, {"a": first, "b": second})
    together.clear()
    apart.clear()
    assert apart.quotes["security_price"] == pytest.approx(
        together.quotes["security_price"], rel=1e-10
    )


@pytest.mark.parametrize("population", ["individuals", "continuum"])
def test_margin_that_vanishes_leads_to_the_market_without_margin(population: str) -> None:
    """Nested models: as the haircut goes to zero, only solvency is left to stop anybody."""
    prices = []
    for haircut in (1e-4, 1e-6, 0.0):
        made = economy(
            haircut,
            {"a": {"members": 500, "income_down": 20.0, "population": population}},
        )
        assert made.clear() is Outcome.CLEARED
        prices.append(made.quotes["security_price"])
    assert prices[0] == pytest.approx(prices[2], rel=1e-9)
    assert prices[1] == pytest.approx(prices[2], rel=1e-9)


def test_an_announcement_starts_from_the_resting_point() -> None:
    made = economy(0.01, {"a": {"members": 1000, "income_down": 1000.0}})
    made.clear()
    rest = dict(made.quotes)
    made.announce(margin=FlatMargin(0.03))
    made.clear()
    rounds = record(made)
    assert rounds.date.tolist() == sorted(rounds.date)
    assert rounds.date.max() == 2
    first = rounds[rounds.date == 2].iloc[0]
    assert first.security_price == pytest.approx(rest["security_price"], rel=1e-12)


def test_plain_tatonnement_runs_out_of_rounds_or_cycles_and_says_so() -> None:
    made = economy(
        0.01,
        {"a": {"members": 1000, "income_down": 1000.0}},
        adjuster=PlainTatonnement(step=0.5),
    )
    outcome = made.clear(max_rounds=120)
    assert outcome in (Outcome.CYCLES, Outcome.OUT_OF_ROUNDS)
    assert len(record(made)) == 120
    assert outcome.advice


def test_both_rules_find_the_same_prices() -> None:
    cohort = {"members": 300, "income_down": 5.0, "population": "continuum"}
    quick = economy(0.2, {"a": cohort})
    slow = economy(0.2, {"a": cohort}, adjuster=PlainTatonnement(step=0.05))
    assert quick.clear() is Outcome.CLEARED
    assert slow.clear(5_000) is Outcome.CLEARED
    assert slow.quotes["security_price"] == pytest.approx(quick.quotes["security_price"], rel=1e-8)


def test_an_economy_says_what_it_lacks() -> None:
    market = RepoMarket(Security(0.7, 1.15))
    with pytest.raises(ValueError, match="one clearing house; this one has 0"):
        Economy(market).step()
    lonely = Economy(market)
    RepoClearingHouse(lonely, FlatMargin(0.01))
    with pytest.raises(ValueError, match="at least one cohort"):
        lonely.step()
    poor = economy(0.01, {"a": {"securities": 0.0}})
    with pytest.raises(ValueError, match="somebody must own the security"):
        poor.step()
    twins = economy(0.01, {"a": {}})
    Traders(twins, "a")
    with pytest.raises(ValueError, match="two cohorts have one name"):
        twins.step()
    with pytest.raises(ValueError, match="has no interest to announce"):
        economy(0.01, {"a": {}}).announce(interest=3)


def test_closing_lets_go_of_the_model() -> None:
    import gc
    import weakref

    made = economy(0.01, {"a": {"members": 10}})
    made.clear()
    made.close()
    gone = weakref.ref(made)
    del made
    gc.collect()
    assert gone() is None


def test_the_safeguarded_rule_is_the_default() -> None:
    rule = Economy(RepoMarket(Security(0.7, 1.15))).adjuster
    assert isinstance(rule, SafeguardedTatonnement)


def lumpy(seed: int) -> Economy:
    """Few traders, very unequal, many of them without anything; margins from none to large."""
    rng = np.random.default_rng(seed)
    members = int(rng.choice([2, 3, 10, 100]))
    haircut = float(rng.choice([0.0, 1e-4, 0.01, 0.05, 0.3, 0.8]))

    def field(scale: float) -> Any:
        values = rng.exponential(scale, members) * 10 ** rng.uniform(-3, 1, members)
        values[rng.random(members) < 0.2] = 0.0
        return values

    return economy(
        haircut,
        {
            "few": {
                "cash": field(1.0),
                "securities": field(1.0) + (np.arange(members) == 0),
                "income_up": field(20.0),
                "income_down": field(20.0),
                "beliefs": rng.uniform(0.01, 0.99, members),
            }
        },
    )


def test_lumpy_economies_clear() -> None:
    """Where Newton's rule alone goes astray, about one time in a hundred of this kind."""
    for seed in range(300):
        assert lumpy(seed).clear() is Outcome.CLEARED, seed


def test_one_market_after_the_other_finds_the_same_price() -> None:
    cohort = {"members": 200, "income_down": 50.0, "population": "continuum"}
    quick = economy(0.02, {"a": cohort})
    slow = economy(0.02, {"a": cohort}, adjuster=SuccessiveTatonnement())
    assert quick.clear() is slow.clear(5_000) is Outcome.CLEARED
    assert slow.quotes["security_price"] == pytest.approx(quick.quotes["security_price"], rel=1e-8)


def test_the_record_says_what_the_rule_was_told_and_how_often_traders_were_asked() -> None:
    cohorts = {"funds": random_cohort(3, 40)}
    plain = economy(0.05, cohorts, adjuster=PlainTatonnement(0.05))
    told = economy(0.05, cohorts)
    for made in (plain, told):
        made.clear(20)
    assert plain.knew is Knowledge.EXCESS_DEMAND
    assert plain.evaluations == plain.round
    assert told.knew is Knowledge.SLOPES
    told.announce(margin=FlatMargin(0.06))
    told.adjuster = PlainTatonnement(0.05)
    told.step()
    assert str(told.knew) == "excess demand"


def test_depth_is_measured_over_the_distance_of_the_last_move(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where the market does not say what it is: within a ten-millionth and a twentieth."""
    made = build(parse(Exchange, {"consumers": KEHOE}), np.random.default_rng(0))
    post, reaches = made.market.post, []
    made.open()
    while made.ended(100) is None:
        made.step()
        assert made.adjustment is not None
        at, asked = made.adjustment.coordinates, []

        def noted(coordinates: FloatArray, *rest: Any) -> Any:
            asked.append(coordinates.copy())  # noqa: B023 - called in this round
            return post(coordinates, *rest)

        monkeypatch.setattr(made.market, "post", noted)
        made.slope()
        monkeypatch.setattr(made.market, "post", post)
        reach = float(np.clip(np.max(made.adjustment.moved), 1e-7, 0.05))
        assert np.abs(np.array(asked) - at).max(axis=1) == pytest.approx(reach, rel=1e-6)
        assert len(asked) == 2 * at.size
        reaches.append(reach)
    assert max(reaches) > 2.0 * min(reaches) > 1e-6


def test_a_date_can_begin_again_from_other_quotes() -> None:
    made = economy(0.05, {"funds": random_cohort(3, 40)})
    made.clear()
    rest = made.quotes
    made.announce(margin=FlatMargin(0.06))
    made.open()
    made.restart("primitives")
    assert made.quotes == made.first_quotes != rest
    assert made.clear() is Outcome.CLEARED
