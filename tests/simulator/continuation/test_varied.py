"""One number among the parameters, by its name."""

from __future__ import annotations

import math

import pytest

from markets.refused import Refused
from scenarios.exchange.exchange import SCENARIO as EXCHANGE
from scenarios.exchange.exchange import Exchange
from scenarios.repo.economy import MarginHike
from scenarios.repo.margin_hike import SCENARIO as MARGIN_HIKE
from simulator.continuation.varied import Varied, number_at, parts, varied


def test_a_name_has_parts() -> None:
    assert parts("cash") == ["cash"]
    assert parts("consumers[0].endowment[1]") == ["consumers", 0, "endowment", 1]


@pytest.mark.parametrize("key", ["", "a..b", "[0", "a[x", "a[0]b]", ".a"])
def test_what_is_no_name_is_refused(key: str) -> None:
    with pytest.raises(Refused, match="is no parameter"):
        parts(key)


def test_a_number_is_replaced_inside_tables_and_lists() -> None:
    given = Exchange()
    changed = varied(given, {"consumers[2].endowment[0]": 0.25})
    assert changed.consumers[2].endowment == [0.25, 0.0, 1.0]
    assert changed.consumers[:2] == given.consumers[:2]
    assert number_at(changed, "consumers[2].endowment[0]") == 0.25


def test_a_list_without_an_entry_becomes_one_number() -> None:
    assert varied(MarginHike(), {"haircuts": 0.2}).haircuts == [0.2]
    assert varied(MarginHike(), {"haircuts[1]": 0.2}).haircuts == [0.01, 0.2]
    assert number_at(MarginHike(), "haircuts") == 0.01


@pytest.mark.parametrize("key", ["hair", "haircuts[7]", "cash[0]", "haircuts.a"])
def test_a_number_that_is_not_there_is_refused(key: str) -> None:
    with pytest.raises(Refused, match=key.replace("[", r"\[")):
        number_at(MarginHike(), key)


def test_a_number_that_is_not_given_can_be_varied_all_the_same() -> None:
    assert math.isnan(number_at(MarginHike(), "income_up"))
    assert varied(MarginHike(), {"income_up": 5.0}).income_up == 5.0


def test_what_is_no_number_is_refused() -> None:
    with pytest.raises(Refused, match="must be a number"):
        number_at(MarginHike(), "beliefs")


def test_numbers_outside_their_range_are_refused() -> None:
    with pytest.raises(Refused, match="haircuts"):
        varied(MarginHike(), {"haircuts": 1.5})


def test_an_unknown_case_is_refused_with_the_known_ones() -> None:
    with pytest.raises(Refused, match="the cases are exchange"):
        Varied(EXCHANGE, Exchange(), "step", "other").fresh(1.0)


def test_orders_of_single_traders_are_refused() -> None:
    steps = Varied(MARGIN_HIKE, MarginHike(traders=50), "haircuts", "short")
    with pytest.raises(Refused, match="continuum"):
        steps.limits(0.1)


def test_a_later_date_is_reached_by_rounds() -> None:
    given = MarginHike(traders=50, population="continuum")
    second = Varied(MARGIN_HIKE, given, "haircuts[1]", "short", date=2)
    economy = second.economy(0.05)
    economy.look(second.rest(0.05))
    run = MARGIN_HIKE.run(studies=False, traders=50, population="continuum", haircuts=[0.01, 0.05])
    assert economy.quotes == pytest.approx(run.equilibrium, rel=1e-9)
    second.close()
