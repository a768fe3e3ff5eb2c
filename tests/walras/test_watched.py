"""A watched economy is the economy of a run, stepped by hand."""

import gc
import weakref
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scenarios.bankruptcy import bankruptcy
from scenarios.exchange import exchange
from scenarios.funding import margin_spiral
from scenarios.promises import collateral_equilibrium
from scenarios.repo import margin_hike
from scenarios.waterfall import default_waterfall
from scenarios.waterfall.economy import DefaultWaterfall
from simulator.outcome import Outcome
from walras.watched import Watched

SCENARIO = margin_hike.SCENARIO
FEW = (("traders", 200),)


def played(watched: Watched) -> Watched:
    while watched.running:
        watched.step()
    return watched


def test_it_plays_the_rounds_of_a_run_and_announces_like_one() -> None:
    run = SCENARIO.run(traders=200, haircuts=[0.02, 0.3])
    watched = played(Watched(SCENARIO, given=FEW, haircuts=0.02))
    assert watched.outcome is Outcome.CLEARED
    watched.announce(0.3)
    assert watched.running
    played(watched)
    assert watched.economy is not None
    assert watched.economy.record is not None
    rounds = watched.economy.record.frame()
    for name in rounds.columns:
        np.testing.assert_array_equal(rounds[name], run.rounds[name], err_msg=name)
    assert watched.certificate == run.certificates[-1]
    assert watched.closed_forms[2]["security_price"] == run.dates["closed_security_price"].iloc[-1]
    assert watched.parameters == run.parameters
    assert (watched.date, watched.steps) == (2, len(run.rounds))


def test_positions_are_carried_through_announcements_as_in_a_run() -> None:
    given = (*FEW, ("carry", True))
    run = SCENARIO.run(traders=200, haircuts=[0.01, 0.01, 0.03], carry=True)
    watched = played(Watched(SCENARIO, given=given, haircuts=0.01))
    for haircut in (0.01, 0.03):
        watched.announce(haircut)
        played(watched)
    assert watched.outcome is Outcome.CLEARED
    assert watched.certificate == run.certificates[-1]
    assert watched.end is not None
    assert "defaulted" in set(watched.end.point.agents["status"])
    watched.announce(0.0)
    assert "every haircut must be above 0" in watched.problem


def test_it_rests_when_the_markets_rest() -> None:
    watched = played(Watched(SCENARIO, given=FEW))
    steps = watched.steps
    watched.step()
    assert watched.steps == steps


def test_it_gives_up_when_a_run_would() -> None:
    watched = played(Watched(SCENARIO, given=(*FEW, ("max_rounds", 2))))
    assert watched.outcome is Outcome.OUT_OF_ROUNDS
    assert watched.steps == 2
    assert watched.certificate is not None
    assert not watched.certificate.holds


def test_members_from_a_file_stay_through_an_announcement(tmp_path: Path) -> None:
    path = tmp_path / "firms.csv"
    path.write_text("name,belief,cash\nZug,0.2,1\nAare,0.5,2\nBern,0.8,1\n", encoding="utf-8")
    opened = (("members", str(path)), ("low_payoff", [0.2]), ("assets", "none"))
    watched = played(Watched(collateral_equilibrium.SCENARIO, given=opened))
    watched.announce(0.1)
    assert watched.problem == ""
    played(watched)
    assert watched.outcome is Outcome.CLEARED
    assert watched.end is not None
    assert watched.end.point.agents["name"].tolist() == ["Zug", "Aare", "Bern"]


def test_the_declared_announcements_are_proposed_and_may_be_changed() -> None:
    watched = played(Watched(SCENARIO, given=(*FEW, ("haircuts", [0.01, 0.04, 0.05]))))
    assert (watched.term, watched.planned) == (0.01, 0.04)
    watched.announce(0.030000000000000002)
    assert (watched.term, watched.planned) == (0.03, 0.05)
    played(watched).announce(watched.planned)
    assert (watched.term, watched.planned) == (0.05, 0.05)
    assert watched.parameters is not None
    assert watched.parameters.model_dump()["haircuts"] == [0.01, 0.03, 0.05]


def test_a_certificate_is_of_this_round_or_not_current() -> None:
    watched = Watched(SCENARIO, given=FEW)
    assert not watched.current
    watched.step()
    assert watched.current
    assert watched.certificate is not None
    assert not watched.certificate.holds
    played(watched).announce(0.02)
    assert not watched.current


def test_a_date_is_looked_at_again_as_it_was_left() -> None:
    watched = played(Watched(SCENARIO, given=FEW))
    first = watched.now
    watched.announce(0.2)
    played(watched)
    again = watched.at(1)
    assert (again.date, again.past, watched.at(2).past) == (1, True, False)
    assert again.quotes == first.quotes != watched.now.quotes
    assert again.accounts == first.accounts != watched.now.accounts
    assert again.certificate == first.certificate != watched.now.certificate
    assert (again.term, again.state, again.round) == (0.01, "cleared and certified", first.round)
    assert (again.marks, again.current) == (first.marks, True)
    pd.testing.assert_frame_equal(again.traders, first.traders)
    pd.testing.assert_frame_equal(again.rounds, first.rounds)


def test_a_date_left_before_its_end_is_kept_as_it_was() -> None:
    watched = Watched(SCENARIO, given=FEW)
    watched.step()
    quotes = watched.now.quotes
    watched.announce(0.2)
    assert watched.at(1).quotes == quotes
    assert (watched.at(1).state, watched.early) == ("trading", [2])


def test_controls_show_what_differs_from_the_market() -> None:
    watched = Watched(SCENARIO, given=FEW, controls={"beliefs": "beta(2, 3)", "haircuts": 0.02})
    controls = {control.parameter: control for control in watched.controls}
    for name, same, other in [
        ("haircuts", 0.02, 0.05),
        ("beliefs", "beta(2, 3)", "uniform"),
        ("rule", "safeguarded", "plain"),
        ("step", "1", "0.5"),
        ("start", "primitives", "[0.8, 0"),
        ("traders", 200, 100),
    ]:
        assert not watched.differs(controls[name], same)
        assert watched.differs(controls[name], other)


def test_nothing_written_is_the_default() -> None:
    watched = Watched(bankruptcy.SCENARIO, controls={"short_limit": "", "lender_satiation": " "})
    assert watched.parameters == bankruptcy.SCENARIO.parameters()
    given = Watched(bankruptcy.SCENARIO, controls={"short_limit": "3"}).parameters
    assert given is not None
    assert given.model_dump()["short_limit"] == 3.0


def test_the_textbook_rule_is_seen_to_cycle() -> None:
    chosen = {"rule": "plain", "start": "[1.0, 1.5, 0.7]", "max_rounds": "300"}
    watched = played(Watched(exchange.SCENARIO, controls=chosen))
    assert watched.outcome in (Outcome.CYCLES, Outcome.OUT_OF_ROUNDS)
    assert played(
        Watched(exchange.SCENARIO, controls=chosen | {"rule": "safeguarded"})
    ).outcome is (Outcome.CLEARED)


def test_nothing_is_announced_before_anybody_has_traded() -> None:
    watched = Watched(SCENARIO, given=FEW)
    assert not watched.announcing
    watched.announce(0.2)
    assert (watched.date, watched.term) == (1, 0.01)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"haircuts": 1.5}, "haircuts"),
        ({"low_payoff": 2.0}, "low_payoff is 2.0 and high_payoff is 1.15"),
        ({"beliefs": "normal"}, "normal"),
        ({"beliefs": "[0.1, 1.2]"}, "1.2"),
        ({"case": "nowhere"}, 'case is "nowhere"; it must be one of short'),
    ],
)
def test_what_a_run_would_refuse_becomes_a_sentence(values: dict[str, object], said: str) -> None:
    watched = Watched(SCENARIO, given=FEW, **values)  # type: ignore[arg-type]
    assert said in watched.problem
    assert "\n" not in watched.problem
    assert watched.economy is None
    watched.step()
    watched.announce(0.2)
    assert (watched.running, watched.steps, watched.date) == (False, 0, 1)


def test_a_refused_announcement_leaves_the_market_as_it_was() -> None:
    watched = played(Watched(SCENARIO, given=FEW))
    watched.announce(1.5)
    assert "haircuts" in watched.problem
    assert (watched.date, watched.term) == (1, 0.01)
    watched.announce(0.5)
    assert watched.problem == ""
    assert played(watched).outcome is Outcome.CLEARED


def test_announcing_tells_whether_the_market_was_at_rest() -> None:
    watched = Watched(SCENARIO, given=FEW)
    watched.step()
    assert not watched.announce(0.2)
    assert played(watched).announce(0.3)
    assert not played(watched).announce(1.5)


def test_an_economy_no_longer_watched_is_let_go() -> None:
    watched = Watched(SCENARIO, given=FEW)
    watched.step()
    assert watched.economy is not None
    economy = weakref.ref(watched.economy)
    del watched
    gc.collect()
    assert economy() is None


def test_experts_have_the_wealth_that_is_announced() -> None:
    """The default list says something else for the second date; what is announced counts."""
    wealth = [-4.4, -4.6, -4.3]
    run = margin_spiral.SCENARIO.run(experts_wealth=wealth)
    watched = played(Watched(margin_spiral.SCENARIO, experts_wealth=wealth[0]))
    for cash in wealth[1:]:
        watched.announce(cash)
        played(watched)
    assert watched.economy is not None
    assert watched.economy.record is not None
    rounds = watched.economy.record.frame()
    np.testing.assert_array_equal(rounds["security_price"], run.rounds["security_price"])
    assert watched.certificate == run.certificates[-1]


def test_curves_are_the_promises_that_are_quoted() -> None:
    for case, promises in {
        "none": [],
        "borrowing": ["loan half", "loan low", "loan risky"],
        "default-swaps": ["down tranche", "default swap"],
    }.items():
        watched = Watched(collateral_equilibrium.SCENARIO, case=case)
        assert [curve.name for curve in watched.curves if curve.name] == promises


def test_news_that_is_no_list_of_numbers_is_played_and_not_announced() -> None:
    """A control of one number fits a list of numbers only; drawn or listed by security is not."""
    for news, fits in (([-0.02, -0.1], True), ([[-0.02, 0.0]], False), ("drawn", False)):
        watched = Watched(default_waterfall.SCENARIO, given=[("news", news)])
        assert watched.problem == ""
        assert (watched.announcement is not None) is fits
    watched = Watched(default_waterfall.SCENARIO)
    while watched.running:
        watched.step()
    assert watched.announce(-0.25)
    while watched.running:
        watched.step()
    assert isinstance(watched.parameters, DefaultWaterfall)
    assert watched.parameters.news == [-0.02, -0.25]
    assert watched.now.dates["defaulted"].iloc[-1] > 4.0
