"""The report on an exported run says what its files say, and says so if they were altered."""

from __future__ import annotations

import json
from html import unescape
from pathlib import Path

import pandas as pd
import pytest

import walras
from markets.refused import Refused
from simulator.document.document import Document, Facts, Picture, Prose, Section, Table
from simulator.document.web import to_html
from simulator.export import Format
from simulator.run_report import citation, run_report, write_report


@pytest.fixture(scope="module")
def cleared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = walras.run("margin-hike", traders=60, haircuts=[0.01, 0.03], market="long", studies=False)
    return run.export(tmp_path_factory.mktemp("runs"), form=Format(kinds=("png",), dpi=50.0))


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = walras.run("exchange", rule="plain", max_rounds=20, studies=False)
    return run.export(tmp_path_factory.mktemp("runs"), plots=False)


def section(document: Document, title: str) -> Section:
    return next(part for part in document.sections if part.title == title)


def tables(document: Document, title: str) -> list[pd.DataFrame]:
    return [part.frame for part in section(document, title).blocks if isinstance(part, Table)]


def facts(document: Document, title: str) -> dict[str, object]:
    blocks = section(document, title).blocks
    return dict(next(part.pairs for part in blocks if isinstance(part, Facts)))


def test_parameters_that_differ_come_first_with_unit_and_meaning(cleared: Path) -> None:
    document, altered = run_report(cleared)
    assert altered == ()
    differ, same = tables(document, "Parameters")
    assert differ["name"].tolist() == ["market", "traders"]
    row = differ.set_index("name").loc["traders"]
    assert row["value"] == "60"
    assert row["default"] == "10000"
    assert row["unit"] == "traders"
    assert "number of traders" in row["meaning"]
    asked = json.loads((cleared / "manifest.json").read_text())["parameters"]
    assert set(differ["name"]) | set(same["name"]) == set(asked)


def test_quotes_stand_beside_the_closed_form(cleared: Path) -> None:
    document, _ = run_report(cleared)
    quotes = tables(document, "Result")[0]
    dates = pd.read_csv(cleared / "dates.csv")
    prices = quotes[quotes["quote"] == "security_price"]
    assert prices["simulated"].tolist() == dates["security_price"].tolist()
    assert prices["closed_form"].tolist() == dates["closed_security_price"].tolist()
    said = [part.text for part in section(document, "Result").blocks if isinstance(part, Prose)]
    far = quotes["difference"].abs().max()
    assert any(f"at most {far:.2g} (security_price" in text for text in said)


def test_every_condition_is_told_where_it_holds_least_well(cleared: Path) -> None:
    document, _ = run_report(cleared)
    (lines,) = tables(document, "Certificate")
    manifest = json.loads((cleared / "manifest.json").read_text())
    for line in lines.to_dict("records"):
        residuals = {
            date["date"]: condition["residual"]
            for date in manifest["dates"]
            for condition in date["certificate"]["conditions"]
            if condition["name"] == line["condition"]
        }
        worst = max(residuals, key=lambda date: residuals[date])
        assert line["residual"] == f"{residuals[worst] + 0.0:.1e}"
        assert line["checked"].endswith(f"(long, date {worst})")
    assert lines["holds"].all()


def test_every_figure_has_a_caption_and_words_for_who_cant_see_it(cleared: Path) -> None:
    document, _ = run_report(cleared)
    pictures = [part for part in section(document, "Figures").blocks if isinstance(part, Picture)]
    assert {str(part.figure) for part in pictures} == set(map(str, cleared.glob("*.png")))
    first = pictures[0]
    assert first.caption.startswith("Figure 1. Posted quotes by round of trade, against the closed")
    assert "security price" in first.alternative
    assert "closed form" in first.alternative


def test_it_says_how_to_repeat_and_to_cite(cleared: Path) -> None:
    page = unescape(to_html(run_report(cleared)[0]))
    assert "walras run parameters.toml --seed 0" in page
    assert (cleared / "parameters.toml").read_text().strip() in page
    assert "Do security prices rise or fall when margins are raised?" in page
    stated = (Path(walras.__file__).parents[1] / "CITATION.cff").read_text(encoding="utf-8")
    cite = citation("0.1.0")
    assert cite in page
    for field in ("title", "version", "- name"):
        line = next(text for text in stated.splitlines() if text.strip().startswith(f"{field}: "))
        assert line.split(": ", 1)[1].strip('"') in cite


def test_a_run_that_did_not_clear_says_so_why_and_what_to_try(stopped: Path) -> None:
    document, _ = run_report(stopped)
    assert document.summary == "This run did not end in a certified equilibrium: ran out of rounds."
    told = facts(document, "Result")
    assert told["certified"] == "0 of 1 dates"
    assert "after 20 rounds" in str(told["reason"])
    assert "max_rounds" in str(told["what to try"])
    (lines,) = tables(document, "Certificate")
    assert not lines["holds"].all()
    words = Prose("The run was exported without figures.")
    assert section(document, "Figures").blocks == [words]


def test_an_altered_folder_is_said_first(stopped: Path) -> None:
    file = stopped / "rounds.csv"
    before = file.read_bytes()
    try:
        file.write_bytes(before + b"1\n")
        document, altered = run_report(stopped)
    finally:
        file.write_bytes(before)
    assert altered == ("rounds.csv: its content has changed",)
    assert document.sections[0].title == "Altered files"
    assert document.summary.startswith("Files of this run were altered after its export.")


def test_a_run_of_an_earlier_version_is_refused(stopped: Path, tmp_path: Path) -> None:
    manifest = json.loads((stopped / "manifest.json").read_text())
    manifest["format"] -= 1
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(Refused, match="of this version"):
        run_report(tmp_path)


def test_one_file_or_both_are_written_with_the_same_bytes_each_time(
    stopped: Path, tmp_path: Path
) -> None:
    document, _ = run_report(stopped)
    both = write_report(document, "run", tmp_path / "folder")
    assert [path.name for path in both] == ["run.html", "run.pdf"]
    for path in both:
        (alone,) = write_report(run_report(stopped)[0], "run", tmp_path / f"alone{path.suffix}")
        assert alone.read_bytes() == path.read_bytes()


def test_a_run_reports_on_itself_as_its_folder_does(stopped: Path, tmp_path: Path) -> None:
    run = walras.run("exchange", rule="plain", max_rounds=20, studies=False)
    (path,) = run.report(tmp_path / "own.html")
    text = path.read_text(encoding="utf-8")
    assert "Posted quotes by round" in text  # exported without figures above, with them here
    assert "after 20 rounds" in text
    assert [file.name for file in tmp_path.iterdir()] == ["own.html"]


def test_a_composed_economy_says_what_it_was_composed_of(tmp_path: Path) -> None:
    economy = walras.Economy(walras.RepoMarket(walras.Security(0.7, 1.15)), rng=7)
    walras.RepoClearingHouse(economy, walras.FlatMargin(0.02))
    walras.Traders(economy, "funds", beliefs="uniform", members=40, cash=1.0, income_up=50)
    document, _ = run_report(economy.run().export(tmp_path, plots=False))
    differ = tables(document, "Parameters")[0].set_index("name")
    assert differ.loc["cohorts", "value"] == "funds: Traders, 40"
    assert "rule" not in differ.index
    assert "@misc" not in to_html(document)
