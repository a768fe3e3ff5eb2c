"""Economies composed by hand run, are certified and exported like scenarios."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import walras
from simulator.export import Format
from walras import (
    BankruptcyClearingHouse,
    BondMarket,
    Certificate,
    Condition,
    Economy,
    FlatMargin,
    Investors,
    Outcome,
    Refused,
    RepoClearingHouse,
    RepoMarket,
    Security,
    Traders,
)


def repo() -> Economy:
    economy = Economy(RepoMarket(Security(0.70, 1.15)))
    RepoClearingHouse(economy, FlatMargin(0.02))
    Traders(economy, "funds", beliefs="beta(2, 3)", members=300, cash=0.5, income_up=50)
    Traders(economy, "dealers", beliefs="uniform", members=50, cash=4.0, income_down=200)
    return economy


def test_two_cohorts_under_two_haircuts_are_certified_date_by_date(tmp_path: Path) -> None:
    run = repo().run(dates=[{}, {"margin": FlatMargin(0.10)}])
    assert run.outcome is Outcome.CLEARED
    assert [certificate.holds for certificate in run.certificates] == [True, True]
    assert run.dates["security_price"].nunique() == 2
    assert set(run.agents["cohort"]) == {"funds", "dealers"}
    folder = run.export(tmp_path, form=Format(("png",), 50.0))
    assert {"dates.csv", "agents.csv", "quotes_by_round.png"} <= {p.name for p in folder.iterdir()}


def test_a_single_date_agrees_with_clearing_by_hand() -> None:
    by_hand = repo()
    by_hand.clear()
    assert repo().run().equilibrium == by_hand.quotes


def test_what_is_announced_at_the_first_date_counts() -> None:
    changed = repo().run(dates=[{"margin": FlatMargin(0.10)}])
    second = repo().run(dates=[{}, {"margin": FlatMargin(0.10)}])
    assert changed.certificate.holds
    assert changed.equilibrium == pytest.approx(second.equilibrium, abs=1e-9)


def test_bankruptcy_with_two_cohorts() -> None:
    from agents.bankruptcy.utility import LinearQuadratic
    from markets.bankruptcy.instruments import BondAndEquities

    instruments = BondAndEquities(np.array([1.0]), np.zeros((1, 0)))
    economy = Economy(BondMarket(instruments))
    BankruptcyClearingHouse(economy, instruments, 10.0)
    for name, weight, satiation, now, later in (
        ("borrower", 2.0, 2.5, 1.0, 0.5),
        ("lender", 1.0, 4.0, 3.0, 1.0),
    ):
        Investors(
            economy, name,
            utility=LinearQuadratic(np.array([weight]), np.array([satiation])),
            now=np.array([now]), later=np.array([[later]]), equities=np.zeros((1, 0)),
        )  # fmt: skip
    run = economy.run()
    assert run.certificate.holds
    assert run.equilibrium["bond_price"] == pytest.approx(1.4354143467, abs=1e-8)


def test_a_market_of_ones_own_needs_a_certificate_of_ones_own(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from walras.command import app
    from walras.own import load

    file = tmp_path / "my_market.py"
    CliRunner().invoke(app, ["new", str(file)])
    scenario = load(file)

    def composed() -> Economy:
        parameters = scenario.parameters()
        made = scenario.cases(parameters)[0].build(np.random.default_rng(0))
        assert isinstance(made, Economy)
        return made

    with pytest.raises(Refused, match="nothing says what an equilibrium of a Market is"):
        composed().run()

    def certify(economy: object, point: object) -> Certificate:
        return Certificate((Condition("trivial", 0.0, 0.0, "nothing is asked"),))

    assert composed().run(certify=certify).outcome is Outcome.CLEARED


def test_an_economy_that_has_traded_is_refused() -> None:
    economy = repo()
    economy.clear()
    with pytest.raises(Refused, match="has traded before"):
        economy.run()
    assert walras.Economy is Economy


def test_a_notebook_shows_who_is_there_before_and_after_trading() -> None:
    economy = walras.Economy(walras.RepoMarket(walras.Security(0.7, 1.15)))
    assert "none yet" in economy._repr_html_()
    walras.RepoClearingHouse(economy, walras.FlatMargin(0.02))
    walras.Traders(economy, "<funds>", beliefs="uniform", members=40, income_up=50)
    shown = economy._repr_html_()
    assert "<dd>RepoClearingHouse</dd>" in shown
    assert "<td>&lt;funds&gt;</td><td>Traders</td>" in shown
    economy.clear()
    assert f"{economy.quotes['security_price']:.6g}</td>" in economy._repr_html_()
