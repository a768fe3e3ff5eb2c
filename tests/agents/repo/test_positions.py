"""Positions at posted quotes, and the table of them."""

import mesa
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.repo.positions import positions, shares, table
from agents.repo.traders import Traders
from tests.agents.repo.cohorts import QUOTES, SEED, cohort, posted


@given(
    seed=SEED,
    placed=st.floats(0.0, 1.0),
    level=st.floats(0.1, 0.9),
    haircut=st.one_of(st.just(0.0), st.floats(0.005, 0.9)),
)
def test_repo_that_is_placed_moves_no_security_and_no_wealth(
    seed: int, placed: float, level: float, haircut: float
) -> None:
    """At a repo rate of zero idle cash may be lent: wealth at date 1 is the same in both states."""
    traders = cohort(seed).primitives
    quotes = posted(cohort(seed), level, 0.0, haircut)
    traders.open(quotes.security)
    least, some = positions(traders, quotes, 0.0), positions(traders, quotes, placed)
    assert np.array_equal(least.security, some.security)
    margin = haircut * quotes.price
    later = [
        held.cash
        + quotes.price * (held.borrowed - held.pledged)
        + margin * (held.borrowed + held.pledged)
        for held in (least, some)
    ]
    scale = 1.0 + np.abs(later[0]) + quotes.price * (least.borrowed + least.pledged)
    assert np.max(np.abs(later[0] - later[1]) / scale) <= 1e-12
    assert np.all(some.cash >= -1e-9 * scale)


@given(seed=SEED, **QUOTES)
def test_nobody_is_long_and_short_with_its_whole_wealth(
    seed: int, level: float, between: float, haircut: float
) -> None:
    traders = cohort(seed, ties=True)
    quotes = posted(traders, level, between if haircut > 0.0 else 0.0, haircut)
    long, short = shares(traders.primitives, quotes)
    assert np.all(long + short <= 1.0 + 1e-12)
    assert np.all((long >= 0.0) & (short >= 0.0))


@pytest.mark.parametrize("population", ["individuals", "continuum"])
def test_the_table_stands_for_every_member_once(population: str) -> None:
    traders = Traders(mesa.Model(rng=0), members=50, population=population)  # type: ignore[arg-type]
    quotes = posted(traders, 0.4, 0.123, 0.1)
    whole = table("traders", traders.primitives, quotes, 0.0, None)
    assert whole["weight"].sum() == pytest.approx(50.0)
    orders = traders.respond(quotes)
    held = (whole["weight"] * whole["security"]).sum()
    assert held == pytest.approx(orders.longs - orders.shorts)
    sample = table("traders", traders.primitives, quotes, 0.0, 10)
    assert len(sample) < len(whole)
    assert {round(x) for x in traders.counts(quotes)} <= set(sample["member"]) | {50}


def test_a_cohort_that_has_not_traded_holds_nothing() -> None:
    with pytest.raises(RuntimeError, match="holds nothing yet"):
        Traders(mesa.Model(rng=0), members=2).table()
