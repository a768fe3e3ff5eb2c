"""The benchmarks run, and what they compare is the same thing; nothing here looks at times."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks import (
    aims,
    decisions,
    margin_rules,
    members,
    one_agent_per_trader,
    other_economies,
    overhead,
    reading,
    replay,
    report,
    scaling,
    scattered,
    solvers,
    sweeps,
)
from benchmarks.economies import FAMILIES, cohort, economy, start_again
from benchmarks.report import Table
from markets.quote import FloatArray
from simulator.outcome import Outcome


@pytest.mark.parametrize("family", FAMILIES)
def test_the_measured_economies_clear_and_clear_again(family: str) -> None:
    made = economy(family, 300)
    assert made.clear() is Outcome.CLEARED
    quotes = made.quotes
    start_again(made)
    assert made.clear() is Outcome.CLEARED
    assert made.quotes == pytest.approx(quotes, abs=1e-12)


@pytest.mark.parametrize("family", FAMILIES)
def test_one_mesa_agent_a_trader_orders_the_same(family: str) -> None:
    made = economy(family, 500)
    for _ in range(4):
        made.step()
        model = one_agent_per_trader.OneAgentPerTrader(cohort(made), made.posted)
        orders, totals = one_agent_per_trader.disagreement(made, model)
        assert orders <= one_agent_per_trader.AGREEMENT
        assert totals <= one_agent_per_trader.SUMS_AGREEMENT
        assert np.count_nonzero(model.orders()) > 100


def test_the_slope_given_to_root_finders_is_that_of_the_natural_residual() -> None:
    problem = solvers.Problem.of(economy("heterogeneous, special", 50, haircut=0.1))
    nodes = problem.made.market.ladder.nodes.size - 1  # type: ignore[attr-defined]
    for point in (np.array([0.43, 0.21]), np.array([0.6, 0.1]), np.array([0.5, 0.0])):
        value, slope = problem.natural_and_slope(point)
        assert value == pytest.approx(problem.natural(point), abs=1e-14)
        step = 1e-4 / nodes
        for column in range(2):
            other = point + step * np.eye(2)[column]
            found = (problem.natural(other) - value) / step
            assert found == pytest.approx(slope[:, column], rel=1e-3, abs=1e-3)


def test_a_false_claim_is_not_a_true_success() -> None:
    problem = solvers.Problem.of(economy("short", 100))

    def claim(asked: solvers.Problem) -> tuple[FloatArray, bool]:
        return asked.start, True

    tried = solvers.attempt(claim, problem)
    assert tried.claimed
    assert not tried.true


def test_root_finders_and_our_rounds_find_what_they_say() -> None:
    overall, afterwards, detail = solvers.table(60, [0.1])
    problems = len(FAMILIES) * len(solvers.STARTS)
    assert overall.column("problems") == [problems] * (1 + len(solvers.METHODS))
    assert overall.rows[0][:3] == ("walras", problems, problems)
    assert afterwards.column("problems") == [problems]
    assert detail.column("method") == ["walras", *solvers.METHODS]


def test_the_exponent_of_a_power_is_found() -> None:
    assert scaling.exponent([(10.0**k, 3.0 * 10.0 ** (1.5 * k)) for k in range(4)]) == (
        pytest.approx(1.5)
    )


def test_one_size_is_measured() -> None:
    found = scaling.measure("short", 50)
    assert found["rounds"] < 30
    assert found["peak"] >= found["trading"] >= found["empty"] > 0.0


@pytest.mark.parametrize("whose", ["members", "parameters"])
def test_members_of_a_file_are_taken_to_their_certificate(whose: str, tmp_path: Path) -> None:
    found = members.measure(whose, 60, tmp_path)
    assert set(found) == {*members.PARTS, "whole", "peak"}
    assert found["whole"] == pytest.approx(sum(found[part] for part in members.PARTS))
    assert (tmp_path / "members.csv").exists() == (whose == "members")


@pytest.mark.parametrize("name", other_economies.NAMES)
def test_another_economy_is_measured_and_its_root_finder_is_checked(name: str) -> None:
    found = [other_economies.measure(name, members) for members in (30, 60)]
    shown = dict(zip(other_economies.COLUMNS, other_economies.row(name, found), strict=True))
    assert shown["cleared"] == ("no" if name == "credit-tree" else "yes")
    assert shown["rounds"] == found[-1]["rounds"] <= found[-1]["asked"]
    assert shown["to the end, s"] == found[-1]["clearing"]
    if name in ("pledgeability", "bankruptcy-capm"):
        assert shown["root cleared"] == "yes"


@pytest.mark.slow
@pytest.mark.parametrize("name", decisions.ASKED)
def test_general_solvers_find_no_better_decisions(name: str) -> None:
    pytest.importorskip("casadi")
    asked = decisions.ASKED[name](30)
    assert decisions.answer(asked.ours(), asked.quotes)
    for solve in asked.solvers.values():
        more = asked.more(solve())
        assert np.isnan(more) if name == "credit-tree" else abs(more) < 1e-9


def test_a_loop_by_joblib_does_what_the_sweep_does() -> None:
    assert sweeps.root_is_right(0.6, 20)
    sweeps.by_joblib(2, 20, 1)


def test_tables_are_kept_as_text_and_as_values(tmp_path: Path) -> None:
    text, values = report.keep(
        [Table("t", "Title", ("a", "b"), [("x", 2)])], {"cores": "2"}, tmp_path
    )
    assert "## Title" in text.read_text(encoding="utf-8")
    assert values.read_text(encoding="utf-8").splitlines() == [
        "table,row,column,value",
        "machine,,cores,2",
        "t,0,a,x",
        "t,0,b,2",
    ]


@pytest.mark.slow
def test_a_report_is_kept_with_its_misses(tmp_path: Path) -> None:
    tables = [
        one_agent_per_trader.table([20]),
        reading.table([20]),
        overhead.parts([20]),
        replay.table([300]),
        members.table([20]),
        margin_rules.table([50]),
        *solvers.table(20, [0.2]),
        sweeps.table(2, 20),
        sweeps.shared(4, 20),
        scattered.table(200, (0,)),
    ]
    tables.insert(0, aims.table(tables))
    missed = [row for row in tables[0].rows if row[-1] == "NO"]
    assert missed  # at 20 traders a cohort is not worth its while
    text, values = report.keep(tables, {"cores": "2"}, tmp_path)
    for table in tables:
        assert f"## {table.title}" in text.read_text(encoding="utf-8")
    assert values.read_text(encoding="utf-8").startswith("table,row,column,value\n")


def test_cells_are_shown_with_three_digits() -> None:
    assert [report.shown(cell) for cell in ("a", 12, 0.12345, 12345.6, 2e9)] == [
        "a", "12", "0.123", "12346", "2e+09",
    ]  # fmt: skip
    assert Table("t", "T", ("a", "b"), [(1, 2)]).column("b") == [2]
