"""The clearing house: pro rata by equation (4), balances, and Walras' law in every round."""

import numpy as np
import pytest

from agents.bankruptcy.clearing_house import BankruptcyClearingHouse
from agents.bankruptcy.investors import Investors
from benchmarks.random_bankruptcies import SIZES, draw
from markets.bankruptcy.market import BondAndEquities
from simulator.economy import Economy


@pytest.mark.parametrize("size", SIZES)
def test_accounts_balance_in_every_round(size: tuple[int, int, int]) -> None:
    rng = np.random.default_rng(4)
    for _ in range(6):
        economy = draw(rng, *size).economy()
        economy.clear(300)
        assert economy.record is not None
        rounds = economy.record.frame()
        assert rounds["walras"].abs().max() < 1e-13
        for name in [c for c in rounds.columns if c.startswith("balance")]:
            paid = name.replace("balance", "house_paid")
            scale = rounds[paid].abs().max() + 1e-12
            assert rounds[name].abs().max() <= 1e-13 * scale, name
        economy.close()


def test_realised_rates_are_equation_4() -> None:
    economy = draw(np.random.default_rng(11), *SIZES[1]).economy()
    economy.clear()
    (investors,) = economy.cohorts
    assert isinstance(investors, Investors)
    rates = np.array([economy.quotes[f"repayment_rate[{s}]"] for s in range(1, 5)])
    table = investors.table()
    promised = np.maximum(-table["bond"].to_numpy(), 0.0)
    payoffs = investors.instruments.payoffs
    for s in range(4):
        total = 0.0
        for i in range(len(table)):
            owned = investors.equities[i] + investors.held.trade[i, 1:]
            total += min(promised[i], investors.goods_later[i, s] + payoffs[s] @ owned)
        assert rates[s] == pytest.approx(total / promised.sum(), abs=1e-9)
    assert np.any(rates < 0.999)


def test_a_negative_limit_is_refused() -> None:
    instruments = BondAndEquities(np.ones(1), np.zeros((1, 0)))
    economy = Economy(market=None)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="short_limit is -1"):
        BankruptcyClearingHouse(economy, instruments, -1.0)


def test_a_limit_can_be_announced() -> None:
    economy = draw(np.random.default_rng(11), *SIZES[0]).economy()
    economy.clear()
    before = -economy.cohorts[0].table()["bond"].min()
    economy.announce(short_limit=0.5 * before)
    economy.clear()
    assert -economy.cohorts[0].table()["bond"].min() == pytest.approx(0.5 * before)
