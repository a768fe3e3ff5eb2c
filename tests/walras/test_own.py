"""A scenario in a file of the user's own: run, shown, verified, rehearsed; and what is refused."""

from __future__ import annotations

import json
import re
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import walras
from simulator.verify import altered_files, read_manifest
from walras import own
from walras.command import app


def command(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def refused(*words: str | Path) -> str:
    """The one sentence of a refusal."""
    result = command(*words)
    assert result.exit_code == 2, result.output
    assert result.stderr.count("\n") == 1
    assert "Traceback" not in result.output
    return result.stderr


@pytest.fixture
def market(tmp_path: Path) -> Path:
    file = tmp_path / "my_market.py"
    assert command("new", file).exit_code == 0
    return file


def changed(file: Path, before: str, after: str, name: str = "changed.py") -> Path:
    """A copy of a file with something changed in it."""
    text = file.read_text(encoding="utf-8")
    assert text.count(before) == 1
    copy = file.with_name(name)
    copy.write_text(text.replace(before, after), encoding="utf-8")
    return copy


def line_of(file: Path, words: str) -> int:
    lines = file.read_text(encoding="utf-8").splitlines()
    (number,) = [n for n, line in enumerate(lines, start=1) if words in line]
    return number


def test_the_starting_file_runs_is_certified_and_verified(market: Path, tmp_path: Path) -> None:
    out = tmp_path / "runs"
    result = command("run", market, "--out", out, "--no-plots", "--set", "margins=[2,4]")
    assert result.exit_code == 0, result.output
    (run,) = out.iterdir()
    manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["scenario"] == "my-market"
    assert manifest["repeat"] == "walras run parameters.toml --scenario my_market.py --seed 0"
    assert (run / "my_market.py").read_bytes() == market.read_bytes()
    assert command("verify", run, "--scenario", market).exit_code == 0
    again = tmp_path / "again"
    repeated = command(
        "run", run / "parameters.toml", "--scenario", run / "my_market.py", "--out", again,
        "--no-plots",
    )  # fmt: skip
    assert repeated.exit_code == 0, repeated.output
    (second,) = again.iterdir()
    assert (second / "dates.csv").read_bytes() == (run / "dates.csv").read_bytes()


def test_its_price_is_the_root_of_excess_demand(market: Path) -> None:
    from scipy.optimize import brentq

    run = walras.run(str(market), margins=[1.5])
    table = run.agents

    def excess(price: float) -> float:
        most = table["wealth"] / 1.5
        return float(((table["expected"] - price) / 2.0).clip(-most, most).sum()) - 50.0

    assert run.equilibrium["price"] == pytest.approx(brentq(excess, 0.1, 20.0), rel=1e-9)


def test_it_is_shown_rehearsed_and_steered_like_any_other(market: Path) -> None:
    assert "margins = [2.0, 4.0]" in command("show", market).stdout
    assert "margins = [2.0, 4.0]" in command("show", market, "--toml").stdout
    result = command("rehearse", market)
    assert result.exit_code == 0
    assert "respond" in result.stdout
    assert walras.find(str(market)) is walras.find(str(market))  # executed once


def test_a_verified_run_executes_no_file_that_was_not_named(market: Path, tmp_path: Path) -> None:
    out = tmp_path / "runs"
    command("run", market, "--out", out, "--no-plots", "--quiet")
    (run,) = out.iterdir()
    sentence = refused("verify", run)
    assert "--scenario FILE.py" in sentence
    toml = tmp_path / "names.toml"
    toml.write_text(f'scenario = "{market}"\n', encoding="utf-8")
    assert "can't have code executed" in refused("run", toml)


def test_a_file_that_breaks_is_refused_with_its_line(market: Path) -> None:
    broken = changed(market, "SCENARIO = MyScenario()", "SCENARIO = MyScenario(")
    assert re.search(
        rf"changed\.py, line {line_of(broken, '= MyScenario(')}: ", refused("run", broken)
    )
    broken = changed(market, "SCENARIO = MyScenario()", "SCENARIO = MyScenaro()", "typo.py")
    line = line_of(broken, "MyScenaro")
    assert f"typo.py, line {line}: NameError: name 'MyScenaro'" in refused("run", broken)
    broken = changed(market, "SCENARIO = MyScenario()", "raise SystemExit", "leaves.py")
    assert f"leaves.py, line {line_of(broken, 'raise SystemExit')}: SystemExit" in refused(
        "run", broken
    )


def test_a_file_without_a_scenario_is_refused(market: Path, tmp_path: Path) -> None:
    assert "defines no SCENARIO" in refused(
        "run", changed(market, "SCENARIO = MyScenario()", "SCENARIO = 3")
    )
    untitled = changed(
        market, "    title = walras.Title", "    titel = walras.Title", "untitled.py"
    )
    assert "MyScenario has no title" in refused("run", untitled)
    misnamed = changed(market, '"my-market"', '"../up"', "misnamed.py")
    assert 'is named "../up"' in refused("run", misnamed)
    lacking = changed(market, "    parameters = MyParameters", "", "lacking.py")
    assert "has no parameters" in refused("run", lacking)
    assert "no such file" in refused("run", tmp_path / "none.py")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("return float(coordinates[0])", "return float(coordinates[7])", "IndexError"),
        ('return {"price": posted}', 'return {"prize": posted}', "TypeError: Market.named"),
        ("def first_quotes(self)", "def frist_quotes(self)", "TypeError: Can't instantiate"),
        ("excess = book - self.supply", "excess = book / 0", "ZeroDivisionError"),
        ("slack = wealth -", "slack = welth -", "NameError: name 'welth'"),
    ],
)
def test_breaking_a_rule_of_the_seams_is_one_sentence_with_the_line(
    market: Path, tmp_path: Path, before: str, after: str, said: str
) -> None:
    broken = changed(market, before, after, f"rule_{abs(hash(after))}.py")
    sentence = refused("run", broken, "--out", tmp_path / "runs", "--no-plots")
    assert said in sentence
    assert re.search(rf"{broken.name}, line \d+: ", sentence)


def test_a_new_file_never_overwrites_one(market: Path, tmp_path: Path) -> None:
    before = market.read_bytes()
    assert "exists already" in refused("new", market)
    assert market.read_bytes() == before
    assert "must look like my_market.py" in refused("new", tmp_path / "market.txt")
    assert "can't be written" in refused("new", market / "market.py")
    assert [path.name for path in tmp_path.iterdir()] == ["my_market.py"]


def test_a_new_file_has_the_name_that_was_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "two_goods.py"
    command("new", file)
    assert walras.find(str(file)).name == "two-goods"
    assert "my_market" not in file.read_text(encoding="utf-8")


def test_installed_packages_announce_scenarios(
    market: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    points = [
        EntryPoint("my-market", "my_market:SCENARIO", own.GROUP),
        EntryPoint("broken", "no_such_module:SCENARIO", own.GROUP),
        EntryPoint("other", "my_market:SCENARIO", own.GROUP),
    ]
    monkeypatch.setattr(own, "entry_points", lambda group: points if group == own.GROUP else [])
    run = walras.run("my-market", margins=[3.0])
    assert run.outcome is walras.Outcome.CLEARED
    assert "my-market" in walras.scenarios()
    assert "broken" not in walras.scenarios()
    with pytest.raises(walras.Refused, match="announces broken but fails to import: ModuleNotFou"):
        walras.find("broken")
    with pytest.raises(walras.Refused, match="announces other, which is no scenario of that name"):
        walras.find("other")
    with pytest.raises(walras.Refused, match='did you mean "my-market"'):
        walras.find("my-markt")


def test_a_report_is_written_from_the_files_of_a_run_and_says_if_they_were_altered(
    market: Path, tmp_path: Path
) -> None:
    runs = tmp_path / "runs"
    command("run", market, "--out", runs, "--no-plots", "--set", "margins=[2,4]")
    market.write_text("raise SystemExit", encoding="utf-8")  # its code is not needed again
    (run,) = runs.iterdir()
    assert command("report", run).exit_code == 0
    assert verified(run)  # the report stands beside the run, not in it
    page = runs / f"{run.name}.html"
    assert "walras run parameters.toml --scenario my_market.py --seed 0" in page.read_text("utf-8")
    assert command("report", runs, "--out", tmp_path / "one.pdf").exit_code == 0
    assert (tmp_path / "one.pdf").read_bytes() == page.with_suffix(".pdf").read_bytes()
    (run / "notes.txt").write_text("mine")
    said = refused("report", run, "--out", tmp_path / "one.html")
    assert "notes.txt: not part of the run" in said
    assert "notes.txt: not part of the run" in (tmp_path / "one.html").read_text("utf-8")


def verified(run: Path) -> bool:
    """Whether the files of a run are as they were exported."""
    return not altered_files(run, read_manifest(run))
