"""The scenario bankruptcy-capm: utilities, sizes, seeds, rules, files, the command."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from markets.refused import Refused
from scenarios.bankruptcy import bond_scenario
from scenarios.bankruptcy.bankruptcy_capm import SCENARIO
from scenarios.bankruptcy.capm_parameters import BankruptcyCapm
from simulator.outcome import Outcome
from simulator.parameters import parse, read_toml, to_toml
from simulator.run import Run, simulate
from walras.command import app


def run(seed: int = 0, **given: object) -> Run[BankruptcyCapm]:
    """Without the study of endowment risk, which is a run per risk."""
    return simulate(SCENARIO, parse(BankruptcyCapm, given), seed=seed, studies=False)


CARA = [
    {"name": "young", "members": 300, "utility": "constant risk aversion", "risk_aversion": 1.0,
     "patience": 0.7, "endowment_now": 0.3, "endowment_later": [0.05, 1.0, 2.0],
     "equities": [0.2], "spread": 0.2},
    {"name": "old", "members": 200, "utility": "constant risk aversion", "risk_aversion": 0.8,
     "patience": 1.3, "endowment_now": 3.0, "endowment_later": [0.5, 0.6, 0.7],
     "equities": [1.0], "spread": 0.2},
]  # fmt: skip


def test_exponential_utility_clears_with_bankruptcies() -> None:
    ended = run(cohorts=CARA, short_limit=2.0)
    assert ended.outcome is Outcome.CLEARED
    assert ended.certificate.holds
    here = bond_scenario.state_of(ended.parameters, ended.points[-1])
    assert np.min(here.rates) < 0.95
    assert np.min(here.later) < 0.0
    assert ended.closed_form is None


def test_ten_members_of_each_kind_quote_like_one() -> None:
    cohorts = [c.model_dump(exclude_none=True) for c in BankruptcyCapm().cohorts]
    one, ten = (
        run(),
        run(cohorts=[{**c, "members": 10} for c in cohorts]),
    )
    for name, value in one.equilibrium.items():
        assert ten.equilibrium[name] == pytest.approx(value, abs=1e-8)
    assert len(ten.agents) == 30


def test_the_seed_draws_the_members() -> None:
    first, again, other = (run(seed=s, cohorts=CARA, short_limit=2.0) for s in (1, 1, 2))
    assert first.equilibrium == again.equilibrium
    assert first.equilibrium != other.equilibrium


@pytest.mark.parametrize("rule", ["implicit", "safeguarded", "newton", "plain", "anderson"])
def test_every_rule_finds_the_instance(rule: str) -> None:
    ended = run(rule=rule, max_rounds=3_000)
    assert ended.outcome is Outcome.CLEARED
    assert ended.equilibrium["bond_price"] == pytest.approx(1.039586393688, abs=1e-6)


def test_a_file_with_tables_is_read_back(tmp_path: Path) -> None:
    parameters = parse(BankruptcyCapm, {"cohorts": CARA, "short_limit": 2.0})
    for comments in (False, True):
        path = tmp_path / "economy.toml"
        path.write_text(to_toml("bankruptcy-capm", parameters, comments=comments))
        name, given = read_toml(path)
        assert name == "bankruptcy-capm"
        assert parse(BankruptcyCapm, given) == parameters


def test_a_file_with_tables_is_run_exported_and_verified(tmp_path: Path) -> None:
    path = tmp_path / "economy.toml"
    path.write_text(
        'scenario = "bankruptcy-capm"\n'
        "[states]\nprobabilities = [0.5, 0.5]\nnames = ['bust', 'boom']\n"
        "[equities]\npayoffs = [[0.2, 1.4]]\nnames = ['farm']\n"
        "[[cohorts]]\nname = 'poor'\nweight = 8.0\nsatiation = 6.0\nendowment_now = 0.5\n"
        "endowment_later = [0.1, 1.0]\nequities = [0.3]\n"
        "[[cohorts]]\nname = 'rich'\nweight = 4.0\nsatiation = 6.0\nendowment_now = 5.0\n"
        "endowment_later = [0.5, 0.8]\nequities = [1.0]\n"
    )
    _, given = read_toml(path)
    ended = run(**given)
    assert ended.outcome is Outcome.CLEARED
    folder = ended.export(tmp_path / "runs", plots=False)
    assert CliRunner().invoke(app, ["verify", str(folder)]).exit_code == 0
    header = (folder / "dates.csv").read_text().splitlines()[0]
    assert "equity_price[farm]" in header
    assert "repayment_rate[bust]" in header


def test_before_anybody_trades_there_is_no_closed_form() -> None:
    """Proposition 2 needs the shortfall of a resting point."""
    parameters = BankruptcyCapm()
    point = run().points[-1]
    assert SCENARIO.closed_form(parameters, point) is not None
    empty = replace(point, agents=point.agents.iloc[:0])
    assert SCENARIO.closed_form(parameters, empty) is None


def test_without_borrowers_there_is_no_report() -> None:
    assert run(short_limit=0.0).printed is None
    report = run().printed
    assert report is not None
    assert set(report["cohort"]) == {"cohort 1", "all"}


def test_high_risk_aversion_is_no_reason_to_have_no_best_trade() -> None:
    cohorts = [
        {**CARA[0], "members": 1, "endowment_now": 5.0, "risk_aversion": 20.0},
        {**CARA[1], "members": 1},
    ]
    ended = run(cohorts=cohorts)
    assert ended.outcome is Outcome.CLEARED
    assert ended.certificate.holds


@pytest.mark.slow
def test_a_run_that_begins_at_an_arbitrage_leaves_it_and_clears() -> None:
    """Without a short limit, at quotes at which selling bonds to buy the equity gains for sure."""
    ended = run(
        cohorts=[{**cohort, "members": 1} for cohort in CARA],
        short_limit=None,
        start={"bond_price": 50.0, "equity_price[1]": 0.01},
    )
    assert ended.outcome is Outcome.CLEARED
    assert ended.certificate.holds


@pytest.mark.parametrize(("now", "sentence"), [(0.3, "does not respond"), (5.0, "old: marginal")])
def test_utility_beyond_rounding_is_refused_in_a_sentence(now: float, sentence: str) -> None:
    cohorts = [{**cohort, "endowment_now": now, "risk_aversion": 200.0} for cohort in CARA]
    with pytest.raises(Refused, match=sentence):
        run(cohorts=cohorts)
