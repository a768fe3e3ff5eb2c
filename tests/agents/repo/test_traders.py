"""Best responses of traders and their cohort's arithmetic."""

import mesa
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.beliefs import Beliefs
from agents.repo.positions import positions
from agents.repo.sides import full_size
from agents.repo.traders import Traders
from markets.instruments import Security
from markets.repo.market import RepoMarket
from markets.repo.quotes import RepoQuotes
from scenarios.repo.program_optimum import best_utilities

SECURITY = Security(0.70, 1.15)


def cohort(seed: int, members: int = 40, *, ties: bool = False, **given: object) -> Traders:
    """Traders who differ in everything, some with the same belief if asked for."""
    rng = np.random.default_rng(seed)
    beliefs = rng.uniform(0.01, 0.99, members)
    if ties:
        beliefs = np.round(beliefs, 1).clip(0.1, 0.9)
    fields = {
        "cash": rng.uniform(0.1, 3.0, members),
        "securities": rng.uniform(0.0, 3.0, members),
        "income_up": rng.uniform(0.0, 5.0, members),
        "income_down": rng.uniform(0.0, 5.0, members),
    } | given
    traders = Traders(mesa.Model(rng=0), beliefs=beliefs, **fields)  # type: ignore[arg-type]
    return traders


def posted(traders: Traders, level: float, between: float, haircut: float) -> RepoQuotes:
    market = RepoMarket(SECURITY)
    market.open([traders])
    return market.post(np.array([level, between]), haircut, np.full(2, 1e-12))


SEED = st.integers(0, 1000)
QUOTES = {
    "level": st.floats(0.02, 0.98),
    "between": st.one_of(st.just(0.0), st.floats(0.0, 0.9)),
    "haircut": st.one_of(st.just(0.0), st.floats(0.005, 0.9)),
}


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


@given(seed=SEED, **QUOTES)
def test_derivatives_are_those_of_the_totals(
    seed: int, level: float, between: float, haircut: float
) -> None:
    """Order sizes respond to the price and the funded prices as the cohort says."""
    traders = cohort(seed)
    quotes = posted(traders, level, between if haircut > 0.0 else 0.0, haircut)
    rows = slice(0, traders.members)
    for long in (True, False):
        size, by_price, _ = full_size(traders.primitives, quotes, rows, long=long)
        step = 1e-6 * quotes.price
        bumped = RepoQuotes(
            quotes.price + step,
            *(getattr(quotes, name) for name in list(RepoQuotes.__dataclass_fields__)[1:]),
        )
        again = full_size(traders.primitives, bumped, rows, long=long)[0]
        slope = (again - size) / step
        kink = np.abs(slope - by_price) > 1e-3 * (1.0 + np.abs(by_price))
        assert kink.sum() <= 1


def test_members_are_sorted_with_their_endowments() -> None:
    given_beliefs = [0.9, 0.1, 0.5]
    traders = Traders(mesa.Model(rng=0), beliefs=given_beliefs, cash=[9.0, 1.0, 5.0])
    assert traders.primitives.cash.tolist() == [1.0, 5.0, 9.0]
    assert traders.primitives.beliefs.members(3).tolist() == [0.1, 0.5, 0.9]


@pytest.mark.parametrize("law", ["uniform", "beta(2,3)", "beta(0.5, 0.5)"])
def test_mean_beliefs_of_slices_add_up(law: str) -> None:
    beliefs = Beliefs(law)
    shares = np.linspace(0.0, 1.0, 101)
    means = beliefs.means(shares)
    fine = beliefs.quantile((np.arange(200_000) + 0.5) / 200_000)
    assert means.mean() == pytest.approx(fine.mean(), abs=1e-6)
    edges = beliefs.quantile(shares)
    assert np.all((edges[:-1] <= means) & (means <= edges[1:]))


def test_listed_beliefs_spread_over_a_continuum_keep_their_order() -> None:
    beliefs = Beliefs([0.2, 0.3, 0.7])
    quantiles = beliefs.quantile(np.linspace(0.0, 1.0, 7))
    assert np.all(np.diff(quantiles) > 0.0)
    assert beliefs.below(0.25) == pytest.approx(1.0 / 3.0)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"beliefs": "normal"}, 'beliefs is "normal"; known are'),
        ({"beliefs": "beta(0, 1)"}, "needs two positive numbers"),
        ({"beliefs": "beta(x, 1)"}, "needs two positive numbers"),
        ({"beliefs": [0.2, 1.0]}, "beliefs contains 1.0; a belief lies strictly"),
        ({"beliefs": [0.2, float("nan")]}, "beliefs contains nan"),
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
