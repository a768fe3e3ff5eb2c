"""The house: how it sizes its fund, what it announces, and what it keeps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from agents.waterfall.clearing_house import WaterfallHouse
from agents.waterfall.members import Members
from agents.waterfall.outside_investors import OutsideInvestors
from markets.margin import FlatMargin, ValueAtRisk
from markets.refused import Refused
from markets.waterfall.market import WaterfallMarket
from simulator.economy import Economy
from simulator.outcome import Outcome


def house(cash: float = 1000.0, **given: Any) -> WaterfallHouse:
    economy = Economy(
        WaterfallMarket(["x", "y"], np.array([100.0, 50.0])), linked=True
    )  # fmt: skip
    members = Members(
        economy,
        position=np.array([[10.0, 0.0], [5.0, -8.0], [-15.0, 8.0]]),
        cash=np.full(3, cash), income=np.zeros(3), appetite=np.full((3, 2), 100.0),
    )  # fmt: skip
    settings: dict[str, Any] = {
        "stress": np.array([[-0.2, 0.0], [0.2, 0.2]]), "capital": 5.0, "cover": 2,
    } | given  # fmt: skip
    return WaterfallHouse(
        economy, members, np.array([100.0, 50.0]), [FlatMargin(0.05)] * 2, **settings
    )


@pytest.mark.parametrize(("cover", "fund"), [(0, 0.0), (1, 150.0), (2, 205.0), (3, 205.0)])
def test_the_fund_covers_the_largest_losses_beyond_margin(cover: int, fund: float) -> None:
    """Margins 50, 45, 95. If x falls by 20 the first two lose 200 and 100: 150 and 55 beyond.

    If both rise, by 20 and 10, the third loses 300 - 80: 125 beyond; the second gains 100 - 80.
    """
    assert house(cover=cover).charge({}).fund == pytest.approx(fund)


def test_a_fund_that_is_not_resized_keeps_its_size() -> None:
    for resized in (True, False):
        here = house(resized=resized)
        economy = here.model
        assert isinstance(economy, Economy)
        assert economy.clear() is Outcome.CLEARED
        first = here.charge({}).fund
        economy.announce(value=np.array([80.0, 50.0]))
        economy.clear()
        economy.announce()
        economy.open()
        assert (economy.terms.fund == first) is not resized


def test_what_securities_are_worth_is_announced_or_on_the_path_and_capital_is_used_up() -> None:
    here = house(cash=20.0, cover=0, path=np.array([[100.0, 50.0], [80.0, 50.0]]))
    economy = here.model
    assert isinstance(economy, Economy)
    assert economy.clear() is Outcome.CLEARED
    assert here.capital == 5.0
    economy.announce()
    economy.clear()
    settled = economy.settlement
    assert settled is not None
    assert settled.accounts()["capital_used"] == 5.0
    economy.announce(value=[90.0, 60.0])
    economy.open()
    assert here.capital == 0.0
    assert economy.terms.value.tolist() == [90.0, 60.0]


def test_a_rule_reads_the_past_of_each_security() -> None:
    rng = np.random.default_rng(1)
    past = [100.0 * np.exp(np.cumsum(s * rng.standard_normal(300))) for s in (0.01, 0.03)]
    economy = Economy(WaterfallMarket(["x", "y"], np.array([100.0, 50.0])))
    members = Members(
        economy, position=np.zeros((2, 2)), cash=np.ones(2), income=np.zeros(2),
        appetite=np.ones((2, 2)),
    )  # fmt: skip
    here = WaterfallHouse(
        economy, members, np.array([100.0, 50.0]), [ValueAtRisk(window=250)] * 2,
        stress=np.zeros((1, 2)), history=past,
    )  # fmt: skip
    margin = here.charge({}).margin / np.array([100.0, 50.0])
    assert margin[1] > 2.0 * margin[0]


def test_outside_investors_take_their_share_and_keep_it() -> None:
    here = house(cash=20.0, cover=0, path=np.array([[80.0, 50.0]]))
    economy = here.model
    assert isinstance(economy, Economy)
    outside = OutsideInvestors(economy, np.array([300.0, 0.0]))
    economy.clear()
    book = economy.book
    economy.announce()
    assert outside.position == pytest.approx([book.sold[0] * 300.0 / book.appetite[0], 0.0])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"capital": -1.0}, "capital is -1.0 and cover 2; both must be at least 0"),
        ({"cover": -1}, "capital is 5.0 and cover -1"),
    ],
)
def test_bad_settings_get_one_sentence(given: dict[str, Any], message: str) -> None:
    with pytest.raises(Refused, match=message):
        house(**given)


def test_a_worth_of_nothing_is_refused() -> None:
    here = house()
    here.value = np.array([0.0, 50.0])
    with pytest.raises(Refused, match="each of 2 securities must be worth more than 0"):
        here.charge({})


def test_negative_appetite_is_refused() -> None:
    with pytest.raises(Refused, match=r"outside is \[-1.0\]; it must be at least 0"):
        OutsideInvestors(Economy(WaterfallMarket(["x"], np.ones(1))), np.array([-1.0]))
