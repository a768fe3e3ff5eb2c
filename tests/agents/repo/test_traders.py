"""Best responses of traders and their cohort's arithmetic."""

import mesa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.repo.positions import positions
from agents.repo.traders import Traders
from scenarios.repo.program_optimum import best_utilities
from tests.agents.repo.cohorts import QUOTES, SECURITY, SEED, cohort, posted


@given(seed=SEED, ties=st.booleans(), **QUOTES)
def test_totals_are_the_sums_of_the_positions(
    seed: int, ties: bool, level: float, between: float, haircut: float
) -> None:
    traders = cohort(seed, ties=ties)
    quotes = posted(traders, level, between if haircut > 0.0 else 0.0, haircut)
    orders, held = traders.respond(quotes), positions(traders.primitives, quotes, 0.0)
    assert orders.longs == pytest.approx(held.pledged.sum(), rel=1e-12, abs=1e-12)
    assert orders.shorts == pytest.approx(held.borrowed.sum(), rel=1e-12, abs=1e-12)
    assert orders.idle_cash == pytest.approx(
        held.cash.sum(), rel=1e-9, abs=1e-9 * (1 + abs(orders.longs) + abs(orders.shorts))
    )


@given(seed=SEED, ties=st.booleans(), placed=st.floats(0.0, 1.0), **QUOTES)
def test_no_member_could_do_better_by_the_program(
    seed: int, ties: bool, placed: float, level: float, between: float, haircut: float
) -> None:
    """The decision written twice: positions against the linear program of the source."""
    traders = cohort(seed, members=12, ties=ties)
    quotes = posted(traders, level, between if haircut > 0.0 else 0.0, haircut)
    traders.hold(quotes, 0.0 if quotes.special else placed)
    table = traders.table()
    loan, rate = 1.0 - haircut, 1.0 + quotes.repo_rate
    repo = (
        rate
        * quotes.price
        * (
            table.repo_lending
            - table.repo_borrowing
            + haircut * (table.repo_lending + table.repo_borrowing)
        )
    )
    up = table.income_up + table.cash + repo + table.security * SECURITY.low_payoff
    down = table.income_down + table.cash + repo + table.security * SECURITY.high_payoff
    reached = table.belief * up + (1.0 - table.belief) * down
    best = best_utilities(
        belief=table.belief.to_numpy(),
        endowed_cash=table.endowed_cash.to_numpy(),
        endowed_securities=table.endowed_securities.to_numpy(),
        income_up=table.income_up.to_numpy(),
        income_down=table.income_down.to_numpy(),
        low_payoff=SECURITY.low_payoff,
        high_payoff=SECURITY.high_payoff,
        haircut=haircut,
        security_price=quotes.price,
        repo_rate=quotes.repo_rate,
    )
    wealth = table.endowed_cash + quotes.price * table.endowed_securities
    scale = wealth + table.income_up + table.income_down
    assert ((best - reached) / scale).max() <= 1e-9
    turnover = scale + quotes.price * (
        table.security.abs() + table.repo_lending + table.repo_borrowing
    )
    for slack in (
        up, down, table.cash, table.repo_lending, table.repo_borrowing,
        table.security + table.repo_lending - table.repo_borrowing,
    ):  # fmt: skip
        assert (slack / turnover).min() >= -1e-12
    spent = (
        table.cash - table.endowed_cash
        + quotes.price * (table.security - table.endowed_securities)
        + quotes.price * (table.repo_lending - table.repo_borrowing)
        + haircut * quotes.price * (table.repo_lending + table.repo_borrowing)
    )  # fmt: skip
    assert (spent.abs() / turnover).max() <= 1e-12
    assert loan > 0.0


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"beliefs": [0.2]}, "at least two"),
        ({"members": 1}, "at least two traders"),
        ({"cash": -1.0}, "cash is -1.0; it must be a finite number, not negative"),
        ({"income_up": float("nan")}, "income_up is nan"),
        ({"securities": [1.0, 2.0]}, "securities has 2 entries"),
    ],
)
def test_bad_fields_are_refused(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said.replace("(", r"\(")):
        Traders(mesa.Model(rng=0), **wrong)  # type: ignore[arg-type]
