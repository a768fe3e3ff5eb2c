"""The journey of a case through its dates: announced by the case, or by whoever drives it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from agents.repo.clearing_house import RepoClearingHouse
from markets.margin import FlatMargin, PostedMargin
from markets.repo.book import RepoBook
from markets.repo.quotes import RepoQuotes
from scenarios.repo.economy import MarginHike
from scenarios.repo.margin_hike import MarginHikeScenario
from simulator.certificate import Certificate, Condition
from simulator.journey import Announced, Opened, Round, look, travel
from simulator.outcome import Outcome
from simulator.point import UNPROVED, Case, DateEnd, RestingPoint, ScenarioEconomy
from simulator.run import simulate

SCENARIO = MarginHikeScenario()
ONE, TWO = MarginHike(traders=80, haircuts=[0.01]), MarginHike(traders=80, haircuts=[0.01, 0.04])


def case_of(parameters: MarginHike) -> Case:
    (case,) = SCENARIO.cases(parameters)
    return case


def test_events_come_in_order() -> None:
    kinds = [type(event) for event in travel(SCENARIO, TWO, case_of(TWO), np.random.default_rng(0))]
    ends = [place for place, kind in enumerate(kinds) if kind is DateEnd]
    assert kinds[0] is Opened
    assert len(ends) == 2
    assert kinds[ends[0] + 1] is Opened
    assert set(kinds[1 : ends[0]]) == {Round}
    assert ends[1] == len(kinds) - 1


def test_what_is_announced_on_the_way_is_what_a_run_announces() -> None:
    """The page and the command can't end differently."""
    run = simulate(SCENARIO, TWO)
    journey = travel(SCENARIO, ONE, case_of(ONE), np.random.default_rng(0))
    ends: list[DateEnd] = []
    event = next(journey)
    while len(ends) < 2:
        if isinstance(event, DateEnd):
            ends.append(event)
            terms = {"margin": FlatMargin(0.04)}
            event = journey.send(Announced(TWO, terms)) if len(ends) == 1 else event
            continue
        event = next(journey)
    for mine, theirs in zip(ends, run.ends, strict=True):
        assert mine.point.quotes == theirs.point.quotes
        assert mine.certificate == theirs.certificate
        assert mine.described == theirs.described
        assert (mine.outcome, mine.rounds) == (theirs.outcome, theirs.rounds)


def test_an_announcement_in_the_middle_of_a_date_begins_the_next_from_the_first_quotes() -> None:
    journey = travel(SCENARIO, ONE, case_of(ONE), np.random.default_rng(0))
    opened = next(journey)
    assert isinstance(opened, Opened)
    next(journey)
    again = journey.send(Announced(TWO, {"margin": FlatMargin(0.04)}))
    assert isinstance(again, Opened)
    assert again.economy.date == 2
    assert again.economy.quotes == again.economy.first_quotes


def test_looking_changes_nothing() -> None:
    looked, plain = (case_of(ONE).build(np.random.default_rng(0)) for _ in range(2))
    for economy in (looked, plain):
        economy.open()
    while plain.running:
        for economy in (looked, plain):
            economy.step()
        look(SCENARIO, ONE, case_of(ONE), looked)
    assert looked.quotes == plain.quotes
    assert looked.round == plain.round


class Leaking(RepoClearingHouse):
    """A house in whose books cash is left over."""

    def redundant(self, posted: RepoQuotes, book: RepoBook) -> Mapping[str, float]:
        return {"cash": 1e-6}


class Overcharging(RepoClearingHouse):
    """A house that charges more than its rule asks for."""

    def charge(self, quotes: Mapping[str, float]) -> PostedMargin:
        return replace(super().charge(quotes), rule=FlatMargin(0.01 + 1e-6))


class OtherHouse(MarginHikeScenario):
    """The scenario with a clearing house of another kind."""

    def __init__(self, kind: type[RepoClearingHouse]) -> None:
        self.kind = kind

    def cases(self, parameters: MarginHike) -> list[Case]:
        def build(rng: np.random.Generator) -> ScenarioEconomy:
            economy = case_of(parameters).build(rng)
            economy.house.remove()
            self.kind(economy, FlatMargin(0.01))
            return economy

        return [Case("another house", build, [{}])]


def test_a_market_left_over_by_walras_law_must_clear_too() -> None:
    run = simulate(OtherHouse(Leaking), ONE)
    assert run.outcome is Outcome.NOT_CERTIFIED
    assert "redundant market: cash fails: its residual is 1.00e-06" in run.reason


def test_what_is_charged_must_be_what_the_rule_asks_for() -> None:
    run = simulate(OtherHouse(Overcharging), ONE)
    assert run.outcome is Outcome.NOT_CERTIFIED
    assert "charged: haircut fails: its residual is 1.00e-06" in run.certificate.complaint()


class ProvedScenario(MarginHikeScenario):
    """A scenario that carries a document with every point, and a certificate that may fail."""

    def __init__(self, proof: dict[str, object], residual: float = 0.0, away: float = 1e-3) -> None:
        self.proof, self.residual, self.away = proof, residual, away

    def refine(self, parameters: MarginHike, point: RestingPoint) -> RestingPoint:
        quotes = {name: quote + self.away for name, quote in point.quotes.items()}
        return replace(point, quotes=quotes, proof=self.proof)

    def certify(self, parameters: MarginHike, point: RestingPoint) -> Certificate:
        return Certificate((Condition("proof", self.residual, 0.0, "the proof is one"),))


HASTY = ONE.model_copy(update={"rule": "plain", "max_rounds": 3})


def test_a_complete_proof_needs_no_rounds_that_have_settled() -> None:
    run = simulate(ProvedScenario({"numbers": "1"}), HASTY)
    assert run.outcome is Outcome.CLEARED
    reason = run.ends[0].reason
    assert reason.startswith("the rounds had not settled after 3; the equilibrium is proved")
    assert "further than 1.0e-03 from where they ended" in reason
    assert simulate(ProvedScenario({"numbers": "1"}), ONE).ends[0].reason == ""


def test_orders_that_have_not_settled_say_nothing_of_a_proved_point() -> None:
    end = simulate(ProvedScenario({"numbers": "1"}, away=0.0), HASTY).ends[0]
    assert end.outcome is Outcome.CLEARED
    assert not [c for c in end.certificate.conditions if c.name.startswith("redundant")]


@pytest.mark.parametrize(
    "scenario",
    [
        ProvedScenario({UNPROVED: "a reason"}),
        ProvedScenario({"numbers": "1"}, residual=1e-9),
        MarginHikeScenario(),
    ],
    ids=["no proof but a reason", "a proof that fails", "no proof"],
)
def test_without_a_proof_that_holds_the_rounds_must_settle(scenario: MarginHikeScenario) -> None:
    assert simulate(scenario, HASTY).outcome in (Outcome.OUT_OF_ROUNDS, Outcome.CYCLES)


@pytest.mark.parametrize("rule", ["safeguarded", "newton", "successive", "implicit"])
def test_every_rule_that_clears_finds_the_same_equilibrium(rule: str) -> None:
    run = SCENARIO.run(studies=False, traders=80, haircuts=[0.02], rule=rule)
    assert run.outcome is Outcome.CLEARED, run.reason
    usual = SCENARIO.run(studies=False, traders=80, haircuts=[0.02])
    assert run.equilibrium["security_price"] == pytest.approx(
        usual.equilibrium["security_price"], rel=1e-9
    )


def test_the_textbook_rule_is_slower_and_says_so() -> None:
    run = SCENARIO.run(traders=80, haircuts=[0.02], rule="plain", max_rounds=5)
    assert run.outcome in (Outcome.OUT_OF_ROUNDS, Outcome.CYCLES)
    assert run.reason
    for name in ("rule", "max_rounds", "step"):
        assert name in Outcome.OUT_OF_ROUNDS.advice + Outcome.CYCLES.advice
        assert name in MarginHike.model_fields


@pytest.mark.parametrize(("linked", "dates"), [(True, 1), (False, 2)])
def test_a_linked_date_that_did_not_settle_is_the_last(linked: bool, dates: int) -> None:
    """It leaves no positions that the next one could start from."""
    unsettled = TWO.model_copy(update={"max_rounds": 1})
    case = case_of(unsettled)

    def build(rng: np.random.Generator) -> ScenarioEconomy:
        economy = case.build(rng)
        economy.linked = linked
        return economy

    events = travel(SCENARIO, unsettled, replace(case, build=build), np.random.default_rng(0))
    assert sum(isinstance(event, DateEnd) for event in events) == dates
