"""Trades and the consumption that follows from them, equation (3)."""

import numpy as np

from agents.bankruptcy.trades import Endowment, Trades, consumption
from agents.bankruptcy.utility import LinearQuadratic
from markets.bankruptcy.instruments import BondAndEquities
from markets.bankruptcy.quotes import BondQuotes

INSTRUMENTS = BondAndEquities(np.array([0.5, 0.5]), np.array([[1.0], [0.2]]))
QUOTES = BondQuotes(0.8, np.array([0.5]), np.array([1.0, 0.6]), 10.0)
ENDOWMENT = Endowment(
    LinearQuadratic(np.ones(3), np.full(3, 5.0)),
    now=np.array([2.0, 2.0, 2.0]),
    later=np.array([[1.0, 1.0], [0.2, 0.3], [1.0, 1.0]]),
    equities=np.array([[0.5], [0.1], [0.0]]),
)


def test_without_trade_everybody_consumes_its_endowment() -> None:
    trades = Trades.none(3, 1)
    consumed = consumption(ENDOWMENT, trades, INSTRUMENTS, QUOTES)
    np.testing.assert_array_equal(consumed.now, ENDOWMENT.now)
    np.testing.assert_array_equal(consumed.later, ENDOWMENT.later)
    assert not trades.side.any()
    assert trades.held[:, 0].all()
    assert not trades.held[:, 1:].any()


def test_lenders_receive_the_repayment_rate_and_borrowers_owe_the_promise() -> None:
    trades = Trades.none(3, 1)
    trades.trade[:, 0], trades.trade[0, 1] = [1.0, -1.0, 0.0], -0.5
    consumed = consumption(ENDOWMENT, trades, INSTRUMENTS, QUOTES)
    np.testing.assert_allclose(consumed.now, [2.0 - 0.8 + 0.25, 2.0 + 0.8, 2.0])
    np.testing.assert_allclose(consumed.later[0], [1.0 + 1.0 - 0.5, 1.0 + 0.6 - 0.1])
    np.testing.assert_allclose(consumed.later[1], [0.2 - 1.0, 0.3 - 1.0])  # the penalty


def test_nothing_is_left_where_all_is_spent() -> None:
    trades = Trades.none(3, 1)
    trades.trade[2, 0] = 2.0 / 0.8 + 1e-16
    trades.spent[2] = True
    assert consumption(ENDOWMENT, trades, INSTRUMENTS, QUOTES).now[2] == 0.0


def test_rows_are_copies() -> None:
    trades = Trades.none(3, 1)
    some = trades.rows(np.array([1]))
    some.trade[0, 0] = 7.0
    assert not trades.trade.any()
    np.testing.assert_array_equal(ENDOWMENT.rows(slice(1, 2)).later, [[0.2, 0.3]])
