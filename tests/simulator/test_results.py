"""Results: outcome, tables, certificates and JSON from the ends of dates."""

from __future__ import annotations

import json
import signal
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from simulator.certificate import Certificate, Condition
from simulator.outcome import Outcome
from simulator.parameters import Parameters
from simulator.point import DateEnd, RestingPoint
from simulator.results import Results
from simulator.stopping import Stopped
from simulator.title import Title

TITLE = Title("sample", "a sample", "nobody")
FINE = Certificate((Condition("budget", 0.0, 1e-9, "nobody overspends"),))
FAILED = Certificate((Condition("budget", 1.0, 1e-9, "nobody overspends"),))


def end(
    date: int,
    outcome: Outcome = Outcome.CLEARED,
    certificate: Certificate = FINE,
    traders: int = 2,
    **closed_form: float,
) -> DateEnd:
    """The end of a date at which the price is that of the date."""
    agents = pd.DataFrame({"case": "only", "date": date, "cash": np.arange(float(traders))})
    return DateEnd(
        point=RestingPoint("only", date, {"price": float(date)}, agents, complete=date < 3),
        outcome=outcome,
        reason="" if outcome is Outcome.CLEARED else "it did not clear",
        certificate=certificate,
        closed_form=closed_form,
        described={"haircut": 0.1 * date, "terms": {"days": np.int64(date)}},
        rounds=5,
        evaluations=7,
    )


def results(*ends: DateEnd, error: BaseException | None = None) -> Results:
    rounds = pd.DataFrame({"round": range(5 * len(ends))})
    return Results(TITLE, Parameters(), 3, ends, rounds, error=error)


def test_the_first_date_that_fails_decides_the_outcome() -> None:
    assert results(end(1), end(2)).outcome is Outcome.CLEARED
    assert results(end(1), end(2)).reason == ""
    run = results(end(1), end(2, Outcome.CYCLES), end(3, Outcome.OUT_OF_ROUNDS))
    assert run.outcome is Outcome.CYCLES
    assert run.reason == "only, date 2: it did not clear"
    assert results(end(1, Outcome.NO_TRADE)).reason == "it did not clear"


@pytest.mark.parametrize(
    ("error", "outcome", "reason"),
    [
        (KeyboardInterrupt(), Outcome.INTERRUPTED, "interrupted by the user"),
        (Stopped(signal.SIGTERM), Outcome.INTERRUPTED, "stopped by SIGTERM"),
        (ZeroDivisionError("x"), Outcome.DEFECT, "ZeroDivisionError: x"),
    ],
)
def test_what_stopped_a_run_is_its_outcome(
    error: BaseException, outcome: Outcome, reason: str
) -> None:
    run = results(end(1, Outcome.CYCLES), error=error)
    assert run.outcome is outcome
    assert run.reason == reason


def test_the_table_of_dates_has_quotes_what_is_told_and_differences_to_the_closed_form() -> None:
    table = results(end(1, price=0.75, haircut=0.1, marginal=0.2), end(2)).dates
    assert table["price"].tolist() == [1.0, 2.0]
    assert table["difference_price"].iloc[0] == 0.25
    assert table["difference_haircut"].iloc[0] == pytest.approx(0.0)
    assert "difference_marginal" not in table  # nothing to compare it with
    assert np.isnan(table["closed_price"].iloc[1])
    assert "terms" not in table
    assert table["outcome"].tolist() == ["cleared", "cleared"]
    assert table["evaluations"].tolist() == [7, 7]


def test_closed_forms_keep_finite_numbers_only() -> None:
    run = results(end(1, price=0.75, repo_rate=float("nan")), end(2))
    assert run.closed_forms(0) == {"price": 0.75}
    assert run.closed_form is None


def test_points_quotes_and_traders() -> None:
    run = results(end(1), end(2, traders=0), end(3))
    assert run.equilibrium == run.quotes(2) == {"price": 3.0}
    assert run.quote_names == ["price"]
    assert run.agents["date"].tolist() == [1, 1, 3, 3]
    assert not run.complete  # the last date shows a sample
    assert results(end(1)).complete
    assert [point.date for point in run.points] == [1, 2, 3]
    assert run.details[1] == {"terms": {"days": 2}}
    assert run.proofs == (None, None, None)


def test_one_certificate_for_all_dates_is_the_worst() -> None:
    assert results(end(1), end(2)).certificate.holds
    assert not results(end(1), end(2, certificate=FAILED)).certificate.holds
    assert results(end(1), end(2, certificate=FAILED)).certificates == (FINE, FAILED)


def test_a_run_without_dates_has_empty_tables() -> None:
    run = results(error=KeyboardInterrupt())
    assert run.dates.empty
    assert run.agents.empty
    assert not run.certificate.holds


def test_json_has_no_number_that_is_none() -> None:
    run = results(end(1, Outcome.CYCLES, price=float("nan")), end(2, price=2.0))
    text = json.dumps(run.to_json(), allow_nan=False)
    document = json.loads(text)
    assert document["scenario"] == "sample"
    assert document["seed"] == 3
    assert document["outcome"] == "cycles"
    assert document["advice"] == Outcome.CYCLES.advice
    first, second = document["dates"]
    assert first["quotes"] == {"price": 1.0}
    assert first["closed_form"] is None
    assert second["closed_form"] == {"price": 2.0}
    assert first["terms"] == {"days": 1}
    assert "closed_price" not in first
    assert Certificate.from_json(second["certificate"]) == FINE


def test_a_line_and_a_table_say_what_was_run() -> None:
    run = results(end(1), end(2))
    assert repr(run) == "<Results sample, seed 3: cleared, 2 dates, 10 rounds>"
    shown = run._repr_html_()
    assert "<dt>outcome</dt><dd>cleared</dd>" in shown
    assert "<caption>Quotes</caption>" in shown


def test_an_untraded_quote_has_its_interval_in_the_table_and_in_json() -> None:
    run = results(replace(end(1), intervals={"price": (0.25, np.inf)}), end(2))
    assert run.dates["lowest_price"].tolist()[0] == 0.25
    assert run.dates["highest_price"].tolist()[0] == np.inf
    assert run.dates["lowest_price"].isna().tolist() == [False, True]
    dates: Any = run.to_json()["dates"]
    first, second = dates
    assert first["intervals"] == {"price": {"lowest": 0.25, "highest": None}}
    assert "lowest_price" not in first
    assert second["intervals"] == {}
    assert first["knew"] == "excess demand"
