"""The scenarios' parameters, files, certificate, read-outs and figures."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from typer.testing import CliRunner

from scenarios.bankruptcy import bankruptcy, bankruptcy_capm
from scenarios.bankruptcy.certificate import certify
from scenarios.bankruptcy.credit_risk import by_cohort
from scenarios.bankruptcy.state import State
from simulator.outcome import Outcome
from simulator.parameters import parse, read_toml, to_toml
from simulator.point import RestingPoint
from simulator.run import Run
from walras.command import app

CARA = [
    {"name": "young", "members": 300, "utility": "constant risk aversion", "risk_aversion": 1.0,
     "patience": 0.7, "endowment_now": 0.3, "endowment_later": [0.05, 1.0, 2.0],
     "equities": [0.2], "spread": 0.2},
    {"name": "old", "members": 200, "utility": "constant risk aversion", "risk_aversion": 0.8,
     "patience": 1.3, "endowment_now": 3.0, "endowment_later": [0.5, 0.6, 0.7],
     "equities": [1.0], "spread": 0.2},
]  # fmt: skip


def state_of(run: Run) -> State:
    assert isinstance(run.parameters, bankruptcy_capm.BankruptcyCapm)
    resting = RestingPoint("all", 1, run.equilibrium, run.agents, True)
    return bankruptcy_capm.state_of(run.parameters, resting)


def test_exponential_utility_clears_with_bankruptcies() -> None:
    run = bankruptcy_capm.run(cohorts=CARA, short_limit=2.0)
    assert run.outcome is Outcome.CLEARED
    assert run.certificate.holds
    here = state_of(run)
    assert np.min(here.rates) < 0.95
    assert np.min(here.later) < 0.0
    assert run.closed_form is None


def test_ten_members_of_each_kind_quote_like_one() -> None:
    cohorts = [c.model_dump(exclude_none=True) for c in bankruptcy_capm.BankruptcyCapm().cohorts]
    one, ten = (
        bankruptcy_capm.run(),
        bankruptcy_capm.run(cohorts=[{**c, "members": 10} for c in cohorts]),
    )
    for name, value in one.equilibrium.items():
        assert ten.equilibrium[name] == pytest.approx(value, abs=1e-8)
    assert len(ten.agents) == 30


def test_the_seed_draws_the_members() -> None:
    first, again, other = (
        bankruptcy_capm.run(seed=s, cohorts=CARA, short_limit=2.0) for s in (1, 1, 2)
    )
    assert first.equilibrium == again.equilibrium
    assert first.equilibrium != other.equilibrium


@pytest.mark.parametrize("rule", ["implicit", "newton", "matrix", "anderson"])
def test_every_rule_finds_the_instance(rule: str) -> None:
    run = bankruptcy_capm.run(rule=rule, max_rounds=3_000)
    assert run.outcome is Outcome.CLEARED
    assert run.equilibrium["bond_price"] == pytest.approx(1.039586393688, abs=1e-6)


# ------------------------------------------------------------------ the certificate can fail
@pytest.mark.parametrize(
    ("condition", "change"),
    [
        ("budget", lambda s: {"now": s.now + 1e-6}),
        ("bounds", lambda s: {"short_limit": 0.4}),
        ("optimal_choice", lambda s: {"bond_price": 1.04}),
        ("optimal_by_highs", lambda s: {"bond_price": 1.2}),
        ("monotone", lambda s: {"second": 0.1 * s.second}),
        ("quotes_in_range", lambda s: {"rates": s.rates * 1.2}),
        ("no_arbitrage", lambda s: {"equity_prices": 3.0 * s.equity_prices}),
        ("bond_clears", lambda s: {"bond": s.bond * [1.0, 1.0, 1.001]}),
        ("equities_clear", lambda s: {"equities": s.equities + 1e-6}),
        ("feasible_consumption", lambda s: {"later": s.later * 1.001}),
        ("repayment_rates", lambda s: {"rates": s.rates - 1e-6}),
    ],
)
def test_every_condition_can_fail(condition: str, change: Any) -> None:
    here = state_of(bankruptcy_capm.run(polish=True))
    assert certify(here).holds
    changed: dict[str, Any] = {
        k: np.asarray(v) if np.ndim(v) else v for k, v in change(here).items()
    }
    assert not certify(replace(here, **changed))[condition].holds


@pytest.mark.parametrize(
    ("solver", "given"),
    [("HiGHS", {}), ("SLSQP", {"cohorts": CARA, "short_limit": 2.0})],
)
def test_each_utility_has_its_solver_and_it_finds_better_plans(
    solver: str, given: dict[str, Any]
) -> None:
    name = f"optimal_by_{solver.lower()}"
    here = state_of(bankruptcy_capm.run(polish=True, **given))
    certificate = certify(here)
    assert certificate[name].holds
    assert f"by {solver}" in certificate[name].checked
    assert [c.name for c in certificate.conditions if c.name.startswith("optimal_by")] == [name]
    poorer = certify(replace(here, now=here.now - 1e-6 * here.endowed_now))
    assert not poorer[name].holds


def test_members_whose_program_highs_gives_up_are_compared_with_slsqp(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = state_of(bankruptcy_capm.run(polish=True))
    monkeypatch.setattr(
        "scenarios.bankruptcy.certificate.plans_by_highs",
        lambda state, rows: np.full((rows.size, 2 + state.equity_prices.size), np.nan),
    )
    certificate = certify(here)
    names = [c.name for c in certificate.conditions if c.name.startswith("optimal_by")]
    assert names == ["optimal_by_slsqp"]
    assert certificate["optimal_by_slsqp"].holds
    poorer = certify(replace(here, now=here.now - 1e-6 * here.endowed_now))
    assert not poorer["optimal_by_slsqp"].holds


# ------------------------------------------------------------------ credit risk
def test_credit_risk_of_the_instance() -> None:
    run = bankruptcy_capm.run(polish=True)
    table = by_cohort(state_of(run), run.parameters.instruments)  # type: ignore[attr-defined]
    market = table[table["cohort"] == "all"].set_index("state")
    assert market.loc["2", "exposure_at_default"] == pytest.approx(0.463196022272)
    assert market.loc["2", "recovery_rate"] == pytest.approx(0.863140289283)
    assert market.loc["all", "probability_of_default"] == pytest.approx(0.31)
    assert market.loc["1", "recovery_rate"] == 1.0
    row = run.dates.iloc[0]
    assert row["return_spread"] == pytest.approx(0.31 * (1 - 0.863140289283) / 1.039586393688)
    assert row["sharing_rule_error"] < 1e-12


def test_without_bankruptcy_there_is_no_spread() -> None:
    row = bankruptcy_capm.run(short_limit=0.2).dates.iloc[0]
    assert row["return_spread"] == pytest.approx(0.0, abs=1e-12)
    assert row["probability_of_default"] == 0.0


# ------------------------------------------------------------------ files and bad input
def test_a_file_with_tables_is_read_back(tmp_path: Path) -> None:
    parameters = parse(bankruptcy_capm.BankruptcyCapm, {"cohorts": CARA, "short_limit": 2.0})
    for comments in (False, True):
        path = tmp_path / "economy.toml"
        path.write_text(to_toml("bankruptcy-capm", parameters, comments=comments))
        name, given = read_toml(path)
        assert name == "bankruptcy-capm"
        assert parse(bankruptcy_capm.BankruptcyCapm, given) == parameters


def test_the_command_runs_a_file_with_tables(tmp_path: Path) -> None:
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
    shown = CliRunner().invoke(app, ["run", str(path), "--quiet", "--out", str(tmp_path)])
    assert shown.exit_code == 0, shown.output
    (folder,) = [p for p in tmp_path.iterdir() if p.is_dir()]
    assert CliRunner().invoke(app, ["verify", str(folder)]).exit_code == 0
    header = (folder / "dates.csv").read_text().splitlines()[0]
    assert "equity_price[farm]" in header
    assert "repayment_rate[bust]" in header


def cohorts_with(**changed: Any) -> dict[str, Any]:
    cohorts = [c.model_dump(exclude_none=True) for c in bankruptcy_capm.BankruptcyCapm().cohorts]
    cohorts[1] = {k: v for k, v in {**cohorts[1], **changed}.items() if v is not ...}
    return {"cohorts": cohorts}


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"states": {"probabilities": [0.3, 0.3, 0.3]}}, "probabilities add up to 0.9; it must be"),
        ({"equities": {"payoffs": [[1.0, 1.0, 1.0]]}}, "payoffs of the bond and the equities are"),
        (
            {"equities": {"payoffs": [[1.0, 1.2]]}},
            "equities.payoffs[0] has 2 entries; it must have",
        ),
        (cohorts_with(endowment_now=0.0), "cohorts[1].endowment_now is 0.0; it must be"),
        (cohorts_with(endowment_later=[0.7, -1.0, 0.8]), "cohorts[1].endowment_later[1] is -1.0"),
        (cohorts_with(endowment_later=[0.7]), "cohorts[1].endowment_later has 1 entries; it must"),
        (cohorts_with(equities=[]), "cohorts[1].equities has 0 entries; it must have 1, one an"),
        (cohorts_with(satiation=2.0), "cohorts[1].satiation is 2; it must be at least 6.35"),
        (cohorts_with(satiation=...), 'cohorts[1]: satiation is missing; utility "quadratic"'),
        (cohorts_with(patience=1.0), 'cohorts[1]: patience is given; utility "quadratic" has'),
        (
            cohorts_with(wieght=1.0),
            'cohorts[1]: "wieght" is not a parameter; did you mean "weight"',
        ),
        (cohorts_with(endowment_now=...), "cohorts[1].endowment_now is missing; it must be"),
        ({"short_limit": -0.5}, "short_limit is -0.5; it must be"),
        ({"cohorts": []}, "cohorts is []; it must be"),
        ({"states": {}}, "states.probabilities is missing; it must be"),
        ({"states": 3}, "states is 3; it must be a table [states]"),
    ],
    ids=lambda value: value[:44] if isinstance(value, str) else "",
)
def test_bad_input_is_refused_in_one_sentence(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError) as error:  # noqa: PT011 the sentence is compared below
        parse(bankruptcy_capm.BankruptcyCapm, given)
    assert str(error.value).startswith(sentence)
    assert "\n" not in str(error.value)


def test_two_investors_refuse_satiation_within_reach() -> None:
    with pytest.raises(ValueError, match=r"borrower_satiation is 1; it must be at least 1\.5"):
        bankruptcy.run(borrower_satiation=1.0)


def test_tables_and_parameters_must_not_name_one_thing_twice(tmp_path: Path) -> None:
    path = tmp_path / "twice.toml"
    path.write_text(
        'scenario = "bankruptcy-capm"\n[parameters]\nstates = {probabilities = [1.0]}\n'
        "[states]\nprobabilities = [1.0]\n"
    )
    with pytest.raises(ValueError, match="has states twice"):
        read_toml(path)


# ------------------------------------------------------------------ figures
def test_figures_are_drawn() -> None:
    shown = bankruptcy.run().plot()
    assert set(shown) == {"quotes_by_round", "net_trade_diagram"}
    general = bankruptcy_capm.run().plot()
    assert set(general) == {"quotes_by_round", "security_market_line", "endogenous_credit_risk"}
    assert all(isinstance(figure, Figure) for figure in (*shown.values(), *general.values()))


def test_equities_lie_on_the_security_market_line_only_with_the_shortfall() -> None:
    figure = bankruptcy_capm.run(polish=True).plot()["security_market_line"]
    gaps = [
        {text.get_text() for text in axes.texts} for axes in figure.axes
    ]  # basis points beside each security
    assert gaps[0] & {"+0.0 bp", "-0.0 bp"}
    assert not gaps[1] & {"+0.0 bp", "-0.0 bp"}


def test_figures_of_a_run_without_borrowing_leave_the_diagram_out() -> None:
    assert set(bankruptcy.run(short_limit=0.0).plot()) == {"quotes_by_round"}
