"""A run ends when its time is over, wherever it is, and keeps what was done."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from markets.refused import Refused
from scenarios.repo.economy import MarginHike
from scenarios.repo.margin_hike import MarginHikeScenario
from simulator import time_limit
from simulator.certificate import Certificate
from simulator.economy import Economy
from simulator.outcome import Outcome
from simulator.point import RestingPoint
from simulator.run import Run, simulate
from simulator.time_limit import OutOfTime, TimeLimit
from simulator.verify import verify
from walras.catalogue import TITLES, find

TWO_DATES = MarginHike(traders=100, haircuts=[0.01, 0.03])


@pytest.fixture(autouse=True)
def no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is under way at the limit is stopped at once."""
    monkeypatch.setattr(time_limit, "LEAST_GRACE", 0.0)
    monkeypatch.setattr(time_limit, "AGAIN", 0.05)


def time_is_over() -> None:
    """What the alarm does when it rings."""
    signal.raise_signal(signal.SIGALRM)


class Late(MarginHikeScenario):
    """Its time is over in the certificate of the second date."""

    def certify(self, parameters: MarginHike, point: RestingPoint) -> Certificate:
        if point.date == 2:
            time_is_over()
        return super().certify(parameters, point)


class LateStudies(MarginHikeScenario):
    """Its time is over in its studies."""

    def studies(
        self, parameters: MarginHike, rng: np.random.Generator
    ) -> Mapping[str, pd.DataFrame]:
        time_is_over()
        return {}


def test_a_certificate_is_stopped_and_the_dates_are_kept(tmp_path: Path) -> None:
    run = simulate(Late(), TWO_DATES, time_limit=60.0)
    assert [end.outcome for end in run.ends] == [Outcome.CLEARED, Outcome.OUT_OF_TIME]
    assert run.outcome is Outcome.OUT_OF_TIME
    assert run.reason == "short, date 2: the time allowed (60 s) was over in the certificate"
    assert set(run.agents["date"]) == {1, 2}
    assert not run.finished
    assert not verify(run.export(tmp_path), find).altered


def test_studies_are_stopped_and_the_dates_are_kept() -> None:
    run = simulate(LateStudies(), TWO_DATES, time_limit=60.0)
    assert [end.outcome for end in run.ends] == [Outcome.CLEARED] * 2
    assert run.outcome is Outcome.OUT_OF_TIME
    assert "time allowed" in run.reason


@pytest.mark.parametrize("rounds", [0, 2])
def test_a_round_is_stopped_and_those_before_are_kept(
    rounds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = Economy.step

    def slow(economy: Economy[object, object, object]) -> None:
        if economy.round == rounds:
            time_is_over()
        step(economy)

    monkeypatch.setattr(Economy, "step", slow)
    run = MarginHikeScenario().run(traders=100, haircuts=[0.01], time_limit=60.0)
    assert run.outcome is Outcome.OUT_OF_TIME
    assert len(run.rounds) == rounds
    assert run.reason.endswith(f"was over in round {rounds + 1}")
    assert not run.certificate.holds
    assert set(run.equilibrium) == {"security_price", "repo_rate"}


@pytest.mark.parametrize("name", sorted(TITLES))
@pytest.mark.parametrize("error", [OutOfTime("time"), MemoryError()])
def test_every_scenario_stopped_in_its_second_round_is_exported(
    name: str, error: BaseException, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    step = Economy.step

    def stopped(economy: Economy[object, object, object]) -> None:
        if economy.round == 1:
            raise error
        step(economy)

    monkeypatch.setattr(Economy, "step", stopped)
    scenario = find(name)
    known = scenario.parameters.model_fields
    small = {key: 20 for key in ("traders", "investors") if key in known}
    run: Run[object] = simulate(scenario, scenario.parameters(**small))  # type: ignore[type-var]
    used_up = Outcome.OUT_OF_MEMORY if isinstance(error, MemoryError) else Outcome.OUT_OF_TIME
    assert run.outcome is used_up
    assert run.summary.startswith("stopped, with")
    assert (run.export(tmp_path) / "rounds.csv").is_file()


def test_what_goes_on_is_stopped_by_the_alarm() -> None:
    with pytest.raises(OutOfTime), TimeLimit.of(0.01).stopping():
        time.sleep(60.0)


def test_alarms_are_left_as_they_were() -> None:
    before = signal.getsignal(signal.SIGALRM)
    with TimeLimit.of(60.0).stopping():
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 0.0
        with TimeLimit.of(1e-9).stopping():  # somebody else's alarm is not taken over
            assert signal.getitimer(signal.ITIMER_REAL)[0] > 10.0
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0.0
    assert signal.getsignal(signal.SIGALRM) is before


def test_an_import_is_not_broken_off() -> None:
    code = compile(
        "limit._ring(0, __import__('sys')._getframe())", "<frozen importlib._bootstrap>", "exec"
    )
    exec(code, {"limit": TimeLimit.of(1.0)})
    with pytest.raises(OutOfTime):
        TimeLimit.of(1.0)._ring(0, None)


def test_in_another_thread_rounds_look_at_the_limit() -> None:
    found: list[Run[MarginHike]] = []
    thread = threading.Thread(
        target=lambda: found.append(simulate(MarginHikeScenario(), TWO_DATES, time_limit=1e-9))
    )
    thread.start()
    thread.join()
    assert found[0].outcome is Outcome.OUT_OF_TIME
    assert len(found[0].rounds) == 1
    assert found[0].certificate.conditions


def test_no_limit_and_limits_that_are_none() -> None:
    assert not TimeLimit.of(None).over
    assert not TimeLimit.of(0).over
    assert TimeLimit(1.0, begun=time.monotonic() - 2.0).over
    for wrong in (-1.0, float("nan")):
        with pytest.raises(Refused, match="time_limit is"):
            TimeLimit.of(wrong)
