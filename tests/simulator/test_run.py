"""A run ends with an outcome, whatever happens on the way, and keeps what was done."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from agents.repo.traders import Traders
from markets.refused import Infeasible, Refused
from markets.repo.book import RepoBook
from markets.repo.quotes import RepoQuotes
from scenarios.funding.funding_contagion import SCENARIO as FUNDING
from scenarios.repo.economy import MarginHike
from scenarios.repo.margin_hike import MarginHikeScenario
from simulator.certificate import Certificate
from simulator.export import Format
from simulator.journey import without_traders
from simulator.outcome import Outcome
from simulator.point import Case, RestingPoint
from simulator.run import Run, simulate
from simulator.verify import verify
from walras.catalogue import find

TWO_DATES = MarginHike(traders=100, haircuts=[0.01, 0.03])


class Broken(MarginHikeScenario):
    """Certifies the first date; what happens at the second is given."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def certify(self, parameters: MarginHike, point: RestingPoint) -> Certificate:
        if point.date == 2:
            raise self.error
        return super().certify(parameters, point)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (ValueError("a solver failed"), Outcome.DEFECT),
        (np.linalg.LinAlgError("Singular matrix"), Outcome.DEFECT),
        (Refused("looks like bad input"), Outcome.DEFECT),
        (KeyboardInterrupt(), Outcome.INTERRUPTED),
    ],
)
def test_what_stops_a_run_is_no_bad_input_and_the_record_is_exported(
    error: BaseException, outcome: Outcome, tmp_path: Path
) -> None:
    run = simulate(Broken(error), TWO_DATES)
    assert run.outcome is outcome
    assert run.error is error
    assert not run.finished
    # a date whose certificate is defective is recorded all the same
    assert [end.outcome for end in run.ends][1:] == [outcome][: isinstance(error, Exception)]
    assert set(run.rounds["date"]) == {1, 2}
    folder = run.export(tmp_path)
    assert {"rounds.csv", "dates.csv", "agents.csv"} <= {path.name for path in folder.iterdir()}
    checked = verify(folder, find)
    assert not checked.altered
    assert any("stopped before its end" in sentence for sentence in checked.unchecked)


def test_python_gets_the_exception_with_the_run() -> None:
    error = RuntimeError("a defect")
    with pytest.raises(RuntimeError, match="a defect") as caught:
        Broken(error).run(traders=100, haircuts=[0.01, 0.03])
    kept: Run[Any] = caught.value.run  # type: ignore[attr-defined]
    assert [end.outcome for end in kept.ends] == [Outcome.CLEARED, Outcome.DEFECT]
    assert kept.reason == "short, date 2: RuntimeError in the certificate: a defect"
    assert set(kept.agents["date"]) == {1, 2}


class Defective(MarginHikeScenario):
    """Can't certify the first date."""

    def certify(self, parameters: MarginHike, point: RestingPoint) -> Certificate:
        if point.date == 1:
            raise ZeroDivisionError("float division by zero")
        return super().certify(parameters, point)


def test_after_a_defect_in_a_certificate_the_next_date_is_run() -> None:
    run = simulate(Defective(), TWO_DATES)
    assert [end.outcome for end in run.ends] == [Outcome.DEFECT, Outcome.CLEARED]
    assert run.outcome is Outcome.DEFECT
    assert not run.ends[0].certificate.holds


class Unbuildable(MarginHikeScenario):
    def cases(self, parameters: MarginHike) -> list[Case]:
        first, *_ = super().cases(parameters)

        def refuse(rng: np.random.Generator) -> Any:
            raise Refused("cash is -1; it must be at least 0")

        return [first, Case("second", refuse, [{}])]


def test_bad_input_is_refused_even_in_a_later_case() -> None:
    with pytest.raises(Refused, match="cash is -1"):
        simulate(Unbuildable(), TWO_DATES)


class Strict(Traders):
    """Has no choice above a price."""

    def respond(self, posted: RepoQuotes) -> RepoBook:
        if posted.price > 0.8:
            raise Infeasible(f"{self.name}: member 3 can't meet its margin at {posted.price:.4f}")
        return super().respond(posted)


class Constrained(MarginHikeScenario):
    def cases(self, parameters: MarginHike) -> list[Case]:
        def build(rng: np.random.Generator) -> Any:
            from agents.repo.clearing_house import RepoClearingHouse
            from markets.instruments import Security
            from markets.margin import FlatMargin
            from markets.repo.market import RepoMarket
            from simulator.economy import Economy

            economy = Economy(RepoMarket(Security(0.7, 1.15)))
            RepoClearingHouse(economy, FlatMargin(0.01))
            Strict(economy, "strict", members=100, income_down=1000.0)
            return economy

        return [Case("short", build, [{}])]


def test_an_infeasible_member_is_an_outcome_that_names_it(tmp_path: Path) -> None:
    run = simulate(Constrained(), MarginHike(traders=100, haircuts=[0.01]))
    assert run.outcome is Outcome.INFEASIBLE
    assert "member 3" in run.reason
    assert not run.certificate.holds
    assert run.export(tmp_path, form=Format(("png",), 50.0)).is_dir()


class Uncertain(MarginHikeScenario):
    def certify(self, parameters: MarginHike, point: RestingPoint) -> Certificate:
        agents = point.agents.assign(cash=point.agents["cash"] + 0.1)
        return super().certify(
            parameters,
            RestingPoint(point.case, point.date, point.quotes, agents, point.complete),
        )


def test_a_certificate_that_fails_says_which_condition() -> None:
    run = simulate(Uncertain(), TWO_DATES)
    assert run.outcome is Outcome.NOT_CERTIFIED
    assert run.reason.startswith("short, date 1: ")
    assert "budget fails: its residual is" in run.reason


def test_progress_is_told_round_by_round() -> None:
    rounds: list[tuple[int, int]] = []
    run = simulate(
        MarginHikeScenario(),
        TWO_DATES,
        progress=lambda event: rounds.append((event.date, event.round)),
    )
    ended = {(end.point.date, end.rounds) for end in run.ends}
    assert set(rounds) | ended == set(zip(run.rounds["date"], run.rounds["round"], strict=True))


def test_a_table_of_rounds_may_have_hundreds_of_columns() -> None:
    """pandas warns of frames that grew column by column, and a warning is an error here."""
    names, each = [f"a{j}" for j in range(40)], [1.0] * 40
    run = FUNDING.run(
        studies=False, assets=names, shocked="a0", margin_factors=[1.0], fundamental_values=each,
        customers_supplies=each, volatilities=each, margin_bases=each, margin_slopes=each,
        experts_endowments=[0.0] * 40, experts_wealth=[100.0],
    )  # fmt: skip
    assert run.outcome is Outcome.CLEARED
    assert run.rounds.shape[1] > 120
    assert run.rounds.columns[0] == "case"
    assert run.rounds["case"].eq(run.points[0].case).all()


def test_repr_is_short_and_a_notebook_shows_a_table() -> None:
    run = simulate(MarginHikeScenario(), TWO_DATES)
    assert len(repr(run)) < 100
    assert "<table" in run._repr_html_()
    assert len(run._repr_html_()) < 10_000


def test_points_carry_what_the_tables_show() -> None:
    run = simulate(MarginHikeScenario(), TWO_DATES)
    assert [point.date for point in run.points] == [1, 2]
    pd.testing.assert_frame_equal(
        run.agents, pd.concat([point.agents for point in run.points], ignore_index=True)
    )
    assert run.equilibrium == run.points[-1].quotes


def test_of_many_rows_of_traders_those_of_the_last_date_of_each_case_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulator.run.AGENTS_KEPT", 20)
    scenario = find("collateral-equilibrium")
    run = simulate(scenario, scenario.parameters(traders=20), studies=False)
    last = [point.date == 3 for point in run.points]
    assert last == [False, False, True] * 4
    assert [len(point.agents) > 0 for point in run.points] == last
    assert set(run.agents["date"]) == {3}
    assert run.certificate.holds
    assert len(run.dates) == len(last)
    folder = run.export(tmp_path, plots=False)
    assert verify(folder, find).dates["certified"].tolist() == [True] * 4


def test_of_a_date_that_is_not_kept_no_table_stays_in_memory() -> None:
    """A slice without rows would keep the table alive that it is a view of."""
    (end,) = simulate(MarginHikeScenario(), MarginHike(traders=20, haircuts=[0.1])).ends
    numbers = end.point.agents["belief"].to_numpy().base
    assert numbers is not None
    table = weakref.ref(numbers)
    del numbers
    end = without_traders(end)
    gc.collect()
    assert table() is None
    assert end.point.agents.empty
