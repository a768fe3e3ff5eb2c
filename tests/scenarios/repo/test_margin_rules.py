"""Margin rules in the repo market: once per date, and in every round at the posted price."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from markets.margin import Known, LinearMargin, MarginRule, ValueAtRisk
from markets.refused import Refused
from scenarios.repo.margin_hike import SCENARIO
from simulator.export import Format
from simulator.exported import read_manifest
from simulator.outcome import Outcome
from simulator.run import simulate
from simulator.verify import verify
from walras.catalogue import find

FEW = {"traders": 400}


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Six hundred closing prices with fat tails."""
    path = tmp_path_factory.mktemp("prices") / "history.csv"
    steps = 0.01 * np.random.default_rng(3).standard_t(5, size=600)
    dates = pd.bdate_range("2020-01-01", periods=600).strftime("%Y-%m-%d")
    pd.DataFrame({"date": dates, "bond": 80.0 * np.exp(steps.cumsum())}).to_csv(path, index=False)
    return str(path)


@pytest.mark.parametrize("market", ["short", "long"])
def test_in_every_round_the_haircut_is_the_rules_at_the_clearing_price(
    market: str, history: str
) -> None:
    given = {"rule": "value-at-risk", "horizon": 5, "prices": history, "every_round": True}
    run = SCENARIO.run(market=market, margin=given, dates=3, studies=False, **FEW)
    assert run.outcome is Outcome.CLEARED
    past = pd.read_csv(history)["bond"].to_numpy()
    closes = past / past[-1] * 0.925  # the mean payoff, from which the rounds start
    for price, haircut in zip(run.dates["security_price"], run.dates["haircut"], strict=True):
        asked = ValueAtRisk(horizon=5).haircut(Known(price, closes))
        assert haircut == pytest.approx(asked, abs=1e-9)
        closes = np.append(closes, price)


def test_once_per_date_the_haircut_is_the_rules_at_the_last_close(history: str) -> None:
    given = {"rule": "value-at-risk", "horizon": 5, "prices": history}
    run = SCENARIO.run(margin=given, dates=3, studies=False, **FEW)
    past = pd.read_csv(history)["bond"].to_numpy()
    closes = past / past[-1] * 0.925
    for price, haircut in zip(run.dates["security_price"], run.dates["haircut"], strict=True):
        assert haircut == pytest.approx(
            ValueAtRisk(horizon=5).haircut(Known(closes[-1], closes[:-1])), rel=1e-12
        )
        closes = np.append(closes, price)


@pytest.mark.parametrize("rise", [-0.2, 0.3, 0.8])
@pytest.mark.parametrize("market", ["short", "long"])
def test_a_margin_that_follows_the_price_clears_where_the_flat_one_of_that_size_does(
    market: str, rise: float
) -> None:
    """In equilibrium nothing tells a rule from a flat haircut of the same size."""
    rule = {"rule": "linear", "base": 0.3, "rise": rise, "reference": 1.2}
    followed = SCENARIO.run(market=market, margin=rule, dates=1, studies=False, **FEW)
    assert followed.outcome is Outcome.CLEARED
    price, haircut = followed.equilibrium["security_price"], followed.dates["haircut"].iloc[0]
    asked = LinearMargin(0.3, rise, 1.2).haircut(Known(price))
    assert haircut == pytest.approx(asked, abs=1e-9)
    flat = SCENARIO.run(market=market, haircuts=[haircut], studies=False, **FEW)
    assert flat.equilibrium == pytest.approx(followed.equilibrium, abs=1e-7)


def test_with_a_flat_rule_both_ways_are_the_announced_haircut() -> None:
    rules = ({"rule": "flat", "rate": 0.03, "every_round": every} for every in (True, False))
    runs = [SCENARIO.run(margin=rule, dates=1, studies=False, **FEW) for rule in rules]
    announced = SCENARIO.run(haircuts=[0.03], studies=False, **FEW)
    for run in runs:
        assert run.equilibrium == announced.equilibrium


class Broken(MarginRule):
    """Gives no haircut but at the first quote."""

    def haircut(self, known: Known) -> float:
        return 0.1 if known.price == 1.0 else float("nan")


class Jumps(MarginRule):
    """Charges more below the price at which the lower margin clears, and less above the other's."""

    def haircut(self, known: Known) -> float:
        return 0.4 if known.price > 1.25 else 0.1


def own(tmp_path: Path, name: str, every_round: bool) -> dict[str, object]:
    path = tmp_path / f"{name}.py"
    path.write_text(
        "from tests.scenarios.repo.test_margin_rules import Broken, Jumps\n", encoding="utf-8"
    )
    return {"file": str(path), "rule": name, "every_round": every_round}


@pytest.mark.parametrize("every_round", [True, False])
def test_a_rule_without_an_answer_is_an_outcome_and_the_record_stays(
    tmp_path: Path, every_round: bool
) -> None:
    given = own(tmp_path, "Broken", every_round)
    run = SCENARIO.run(margin=given, dates=4, studies=False, start=[1.0, 0.0], **FEW)
    assert run.outcome is Outcome.INFEASIBLE
    assert "margin rule Broken answers nan at a price of" in run.reason
    assert "\n" not in run.summary
    written = run.export(tmp_path / "runs", form=Format(("png",), 50.0))
    assert (written / "manifest.json").is_file()
    assert (written / "Broken.py").is_file()


def test_a_rule_that_never_lets_the_market_clear_says_so(tmp_path: Path) -> None:
    given = own(tmp_path, "Jumps", True)
    run = SCENARIO.run(margin=given, dates=1, studies=False, max_rounds=200, **FEW)
    assert run.outcome in (Outcome.OUT_OF_ROUNDS, Outcome.CYCLES)
    assert run.rounds["haircut_excess_share"].abs().iloc[-1] > 1e-3


def test_an_export_is_verified_without_executing_the_rule(tmp_path: Path) -> None:
    path = tmp_path / "own.py"
    path.write_text(
        "import walras\n"
        "class Own(walras.MarginRule):\n"
        "    def haircut(self, known):\n"
        "        return 0.1\n",
        encoding="utf-8",
    )
    run = SCENARIO.run(margin={"file": str(path), "rule": "Own"}, dates=2, studies=False, **FEW)
    written = run.export(tmp_path / "runs", plots=False)
    repeat = read_manifest(written)["repeat"]
    assert repeat == "walras run parameters.toml --code own.py --seed 0 --no-studies"
    (written / "own.py").write_text("raise SystemExit\n", encoding="utf-8")
    found = verify(written, find)
    assert found.certified
    assert found.altered == ("own.py: its content has changed",)
    assert found.unchecked[0].startswith("own.py is code")


def test_a_table_that_says_another_haircut_is_not_certified(tmp_path: Path) -> None:
    run = SCENARIO.run(haircuts=[0.05], studies=False, **FEW)
    (end,) = run.ends
    altered = end.point.agents.assign(haircut=0.06)
    certificate = SCENARIO.certify(
        run.parameters, type(end.point)(
            end.point.case, end.point.date, end.point.quotes, altered, complete=True
        ),
    )  # fmt: skip
    assert not certificate["haircut"].holds
    altered.loc[0, "haircut"] = 0.05
    with pytest.raises(ValueError, match="charged different haircuts"):
        SCENARIO.certify(
            run.parameters, type(end.point)(
                end.point.case, end.point.date, end.point.quotes, altered, complete=True
            ),
        )  # fmt: skip


def test_a_market_not_made_for_it_refuses_a_margin_that_follows() -> None:
    from walras import Economy, RepoClearingHouse, RepoMarket, Security, Traders

    economy = Economy(RepoMarket(Security(0.70, 1.15)))
    RepoClearingHouse(economy, LinearMargin(0.1, 0.2, 1.0))
    Traders(economy, members=20, income_down=100.0)
    with pytest.raises(Refused, match="margin_follows=True"):
        economy.open()


def test_same_run_from_the_parameters_of_a_manifest(history: str) -> None:
    given = {"rule": "filtered-value-at-risk", "prices": history, "every_round": True}
    run = SCENARIO.run(margin=given, dates=2, studies=False, **FEW)
    dumped = run.parameters.model_dump(mode="json", context={"where": True})
    again = simulate(SCENARIO, SCENARIO.parameters.model_validate(dumped), studies=False)
    assert again.dates.equals(run.dates)
