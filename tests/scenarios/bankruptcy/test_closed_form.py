"""The closed form of two investors: conditions of every regime, and limits between regimes."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.bankruptcy.closed_form import TwoInvestors, solve

DEFAULT = {"weight": (2.0, 1.0), "satiation": (2.5, 4.0), "now": (1.0, 3.0), "later": (0.5, 1.0)}
PAIR = st.tuples


def regime(limit: float = math.inf, **changed: tuple[float, float]) -> TwoInvestors:
    return solve(**{**DEFAULT, **changed}, short_limit=limit)


@given(
    weight=PAIR(st.floats(0.5, 3.0), st.floats(0.5, 3.0)),
    satiation=PAIR(st.floats(3.2, 6.0), st.floats(3.2, 6.0)),
    now=PAIR(st.floats(0.2, 4.0), st.floats(0.2, 4.0)),
    later=PAIR(st.floats(0.1, 1.6), st.floats(0.1, 1.6)),
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
    gap_b, gap_l = (satiation[i] - later[i] for i in (b, other))
    borrower = weight[b] * q - (gap_b + z)  # marginal gain of one more bond sold
    lender = r * (gap_l - r * z) - weight[other] * q  # and of one more bought
    spent = q * z
    assert spent <= now[other] * (1.0 + 1e-12)
    assert borrower >= -1e-9
    assert lender >= -1e-9
    if found.regime != "short limit binds":
        assert borrower == pytest.approx(0.0, abs=1e-9)
    if spent < now[other] * (1.0 - 1e-9):
        assert lender == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(
    ("found", "name"),
    [
        (regime(), "bankruptcy"),
        (regime(later=(2.0, 1.0), satiation=(3.0, 4.0), weight=(1.0, 1.0)), "no bankruptcy"),
        (regime(now=(1.0, 0.6)), "lender spends all"),
        (regime(0.4), "short limit binds"),
        (regime(0.0), "no borrowing allowed"),
        (regime(weight=(1.0, 1.0), satiation=(3.5, 4.0)), "no trade"),
    ],
)
def test_regimes(found: TwoInvestors, name: str) -> None:
    assert found.regime == name
    assert (found.highest_price == math.inf) == (name == "no borrowing allowed")


def test_a_limit_at_what_is_promised_changes_nothing() -> None:
    free = regime()
    tight = regime(free.promised * (1.0 - 1e-9))
    assert tight.regime == "short limit binds"
    assert tight.bond_price == pytest.approx(free.bond_price, rel=1e-7)


def test_the_rate_is_continuous_where_bankruptcy_begins() -> None:
    """As the borrower's goods fall through what it promises, the rate leaves one smoothly."""
    found = [  # it promises 1/4 + w/2
        regime(weight=(1.0, 1.0), satiation=(2.5, 4.0), later=(w, 1.0)) for w in (0.501, 0.499)
    ]
    assert [solution.regime for solution in found] == ["no bankruptcy", "bankruptcy"]
    assert found[0].repayment_rate == 1.0
    assert 0.995 < found[1].repayment_rate < 1.0
    assert found[1].bond_price == pytest.approx(found[0].bond_price, abs=5e-3)
