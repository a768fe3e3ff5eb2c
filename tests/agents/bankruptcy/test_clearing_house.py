"""The clearing house: pro rata by equation (4), balances, and Walras' law in every round."""

from dataclasses import replace

import numpy as np
import pytest

from agents.bankruptcy.clearing_house import BankruptcyClearingHouse
from agents.bankruptcy.investors import Investors
from benchmarks.random_bankruptcies import SIZES, draw
from markets.bankruptcy.instruments import BondAndEquities
from markets.refused import Refused
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
    with pytest.raises(Refused, match="short_limit is -1"):
        BankruptcyClearingHouse(economy, instruments, -1.0)


def test_a_limit_can_be_announced() -> None:
    economy = draw(np.random.default_rng(11), *SIZES[0]).economy()
    economy.clear()
    before = -economy.cohorts[0].table()["bond"].min()
    economy.announce(short_limit=0.5 * before)
    economy.clear()
    assert -economy.cohorts[0].table()["bond"].min() == pytest.approx(0.5 * before)


def test_goods_markets_are_redundant_only_where_the_others_clear() -> None:
    """Recomputed from consumption: far from zero in the first round, zero at rest."""
    economy = draw(np.random.default_rng(11), *SIZES[1]).economy()
    economy.step()
    away = economy.redundant()
    assert list(away) == ["goods now", *(f"goods later[{s}]" for s in range(1, 5))]
    assert max(abs(share) for share in away.values()) > 1e-3
    economy.clear()
    assert max(abs(share) for share in economy.redundant().values()) < 1e-9


def test_redundant_shares_are_of_the_goods_there_are() -> None:
    economy = draw(np.random.default_rng(11), *SIZES[1]).economy()
    economy.clear()
    book = economy.book
    more = replace(
        book, consumed_now=1.01 * book.endowed_now, consumed_later=0.98 * book.endowed_later
    )
    shares = economy.house.redundant(economy.posted, more)
    np.testing.assert_allclose(list(shares.values()), [0.01, -0.02, -0.02, -0.02, -0.02])


def test_goods_markets_clear_where_nobody_may_borrow() -> None:
    """The bond is not traded; its excess demand counts by what trade would be worth naming."""
    economy = replace(draw(np.random.default_rng(11), *SIZES[1]), short_limit=0.0).economy()
    economy.clear()
    assert economy.book.promised == 0.0
    assert max(abs(share) for share in economy.redundant().values()) < 1e-9


def test_the_house_matches_the_shorter_side_and_pays_what_it_collects() -> None:
    economy = draw(np.random.default_rng(11), *SIZES[1]).economy()
    economy.step()
    house, book = economy.house, replace(economy.book, lent=2.0, promised=1.0)
    settlement = house.settle(economy.posted, replace(book, repaid=np.array([1, 0.5, 0.25, 0])))
    accounts = settlement.accounts()
    assert accounts["accepted"] == 1.0
    assert (
        accounts["house_paid_now"]
        == accounts["house_collected_now"]
        == economy.quotes["bond_price"]
    )
    assert [accounts[f"house_paid[{s}]"] for s in range(1, 5)] == [1.0, 0.5, 0.25, 0.0]
    assert [accounts[f"balance[{s}]"] for s in range(1, 5)] == [0.0] * 4
