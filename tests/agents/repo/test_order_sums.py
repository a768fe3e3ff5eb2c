"""Orders added up in blocks, in NumPy and compiled, against the plain formulas."""

import mesa
import numpy as np
import pytest

from agents.repo.order_sums import (
    AGREEMENT,
    BLOCK,
    OrderSums,
    Summing,
    _one_block,
    compiled_order_sums,
    order_sums,
)
from agents.repo.traders import Traders
from markets.quote import FloatArray
from markets.repo.quotes import RepoQuotes

SIZES = [0, 1, 2, 100, BLOCK, BLOCK + 1, 3 * BLOCK + 5]
RATES = [(100.0, 8.0), (1.5, 8.0), (8.0, 8.0), (np.inf, 8.0)]


def fields(members: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    rng = np.random.default_rng(3)
    cash, securities = rng.uniform(0.0, 2.0, (2, members))
    return cash, securities, rng.uniform(0.0, 20.0, members) * rng.integers(0, 2, members)


def plain(
    given: tuple[FloatArray, FloatArray, FloatArray],
    price: float,
    per_margin: float,
    per_loss: float,
) -> OrderSums:
    cash, securities, income = given
    wealth = cash + price * securities
    order = per_loss * (income + wealth)
    solvent = np.ones(cash.size, dtype=bool)
    if per_margin < np.inf:
        solvent = order < per_margin * wealth
        smaller = np.minimum(order, per_margin * wealth)
    else:
        smaller = order
    return OrderSums(
        float(smaller.sum()),
        float(order[solvent].sum()),
        float(securities[solvent].sum()),
        float(cash[~solvent].sum()),
    )


def test_blocks_are_short_enough_for_one_thread() -> None:
    """OpenBLAS starts threads for a product of more than 10,000 numbers."""
    assert BLOCK <= 10_000


def compiled() -> Summing:
    pytest.importorskip("numba", reason="needs the extra `fast`")
    return compiled_order_sums()


@pytest.mark.parametrize("members", SIZES)
@pytest.mark.parametrize("rates", RATES)
@pytest.mark.parametrize("version", ["numpy", "compiled"])
def test_sums_are_those_of_the_formulas(
    version: str, members: int, rates: tuple[float, float]
) -> None:
    summing = order_sums if version == "numpy" else compiled()
    given = fields(members)
    found, right = summing(*given, 0.8, *rates), plain(given, 0.8, *rates)
    # cash of the margined is a difference of two sums in NumPy: rounded by the larger
    scale = [right.total, right.total, float(given[1].sum()), float(given[0].sum())]
    for one, other, size in zip(found, right, scale, strict=True):
        assert abs(one - other) <= AGREEMENT * size


@pytest.mark.parametrize("rates", RATES)
def test_a_block_that_numba_would_compile_is_right_in_python(rates: tuple[float, float]) -> None:
    given = fields(50)
    assert _one_block(*given, 0.8, *rates) == pytest.approx(tuple(plain(given, 0.8, *rates)))


def test_compiled_cohorts_order_the_same() -> None:
    compiled()
    from benchmarks.economies import COMPILED, cohort, economy

    for family in ("heterogeneous", "heterogeneous, special"):
        both = [economy(family + ending, 3_000) for ending in ("", COMPILED)]
        for made in both:
            made.clear()
        assert both[0].quotes == pytest.approx(both[1].quotes, rel=1e-8)
        posted = both[0].posted
        assert isinstance(posted, RepoQuotes)
        first, second = (cohort(made).respond(posted) for made in both)
        assert first.longs == pytest.approx(second.longs, rel=AGREEMENT)
        assert first.shorts == pytest.approx(second.shorts, rel=AGREEMENT)


def test_without_numba_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "numba", None)
    compiled_order_sums.cache_clear()
    try:
        with pytest.raises(ValueError, match=r'compiled is True; .* extra "fast"'):
            Traders(mesa.Model(rng=0), compiled=True, members=10)
    finally:
        compiled_order_sums.cache_clear()
