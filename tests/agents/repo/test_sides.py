"""Orders of one side: their derivatives, and their sums over alike and unlike traders."""

import dataclasses

import mesa
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.repo.order_sums import order_sums
from agents.repo.primitives import Primitives
from agents.repo.sides import full_size, side
from agents.repo.traders import Traders
from tests.agents.repo.cohorts import QUOTES, SECURITY, SEED, cohort, posted


@given(seed=SEED, **QUOTES)
def test_derivatives_are_those_of_the_totals(
    seed: int, level: float, between: float, haircut: float
) -> None:
    """Order sizes respond to the price and the funded prices as the cohort says."""
    traders = cohort(seed)
    quotes = posted(traders, level, between if haircut > 0.0 else 0.0, haircut)
    rows = slice(0, traders.members)
    for long in (True, False):
        size, by_price, _, by_haircut = full_size(traders.primitives, quotes, rows, long=long)
        for field, told in (("price", by_price), ("haircut", by_haircut)):
            if field == "haircut" and haircut == 0.0:
                continue
            step = 1e-6 * getattr(quotes, field)
            bumped = dataclasses.replace(quotes, **{field: getattr(quotes, field) + step})
            again = full_size(traders.primitives, bumped, rows, long=long)[0]
            slope = (again - size) / step
            assert np.sum(np.abs(slope - told) > 1e-3 * (1.0 + np.abs(told))) <= 1  # at a kink


@given(seed=SEED, **QUOTES)
def test_no_order_exceeds_margin_or_solvency(
    seed: int, level: float, between: float, haircut: float
) -> None:
    traders = cohort(seed)
    quotes = posted(traders, level, between if haircut > 0.0 else 0.0, haircut)
    given_ = traders.primitives
    wealth = given_.cash + quotes.price * given_.securities
    for long, income, loss in (
        (True, given_.income_up, quotes.long_price - SECURITY.low_payoff),
        (False, given_.income_down, SECURITY.high_payoff - quotes.short_price),
    ):
        size = full_size(given_, quotes, slice(None), long=long)[0]
        assert np.all(size * loss <= (income + wealth) * (1.0 + 1e-12))
        assert np.all(quotes.price * haircut * size <= wealth * (1.0 + 1e-12))


@given(seed=SEED, level=QUOTES["level"], haircut=QUOTES["haircut"])
def test_without_reuse_nobody_is_short_and_longs_are_as_they_were(
    seed: int, level: float, haircut: float
) -> None:
    """With alike and with unlike traders; the longs' problem never used what others pledged."""
    alike = cohort(seed, cash=1.0, securities=1.0, income_up=0.5, income_down=1.0)
    for traders in (cohort(seed), alike):
        one, other = (
            side(traders.primitives, posted(traders, level, 0.0, haircut, reuse=reuse), order_sums,
                 long=True)
            for reuse in (True, False)
        )  # fmt: skip
        assert one == other
        quotes = posted(traders, level, 0.0, haircut, reuse=False)
        nothing = side(traders.primitives, quotes, order_sums, long=False)
        assert not any(dataclasses.astuple(nothing))
        for part in full_size(traders.primitives, quotes, slice(None), long=False):
            assert not part.any()


@given(share=st.floats(0.05, 0.95), haircut=st.floats(0.01, 0.9))
def test_alike_traders_written_out_one_by_one_order_the_same(share: float, haircut: float) -> None:
    alike = Traders(mesa.Model(rng=0), members=30, income_down=5.0)
    quotes = posted(alike, share, 0.1, haircut)
    same = np.ones(30)
    unlike = Primitives(
        "uniform", 30, "individuals", cash=same, securities=same,
        income_up=0.0 * same, income_down=5.0 * same,
    )  # fmt: skip
    unlike.open(SECURITY)
    assert not unlike.alike
    for long in (True, False):
        one = side(alike.primitives, quotes, order_sums, long=long)
        other = side(unlike, quotes, order_sums, long=long)
        for field in dataclasses.fields(one):
            assert getattr(one, field.name) == pytest.approx(
                getattr(other, field.name), rel=1e-9, abs=1e-9
            ), field.name
