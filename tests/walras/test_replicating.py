"""`walras replicate` from end to end."""

from __future__ import annotations

import signal
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from simulator.published import Claim, Paper
from simulator.replication import Line, Measured
from simulator.stopping import Stopped
from walras import replicating
from walras.command import app
from walras.replicating import Drawn

CHEAPEST = "mas-colell-whinston-green"
ROOT = Path(__file__).resolve().parents[2]


def walras(*words: str) -> Result:
    return CliRunner().invoke(app, ["replicate", *words])


def test_a_paper_with_a_figure_is_written_as_tables_and_a_report(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    result = walras("--paper", "scarf", "--out", str(folder))
    assert result.exit_code == 0, result.output
    said = "Of 5 numbers and statements (4 that papers print, state or draw, 1 derived from their"
    said += " definitions) 5 reproduced; left out as not reproducible: 1."
    assert said in result.output
    read, csv = pd.read_parquet(folder / "table.parquet"), pd.read_csv(folder / "table.csv")
    assert read["verdict"].tolist() == csv["verdict"].tolist()
    assert read["simulated"].iloc[0] == pytest.approx(1.0)
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "Tatonnement goes around" in page or "tatonnement goes around" in page
    assert page.count("<img") == 1
    assert 'src="data:' in page
    assert "http-equiv" not in page
    (figure,) = (folder / "figures").iterdir()
    assert figure.name.startswith("scarf-tatonnement")
    assert (folder / "report.pdf").read_bytes().startswith(b"%PDF")
    assert {path.name for path in tmp_path.iterdir()} == {"out"}


def test_the_same_command_replaces_its_folder_and_no_other(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    for _ in range(2):
        assert walras("--paper", CHEAPEST, "--out", str(folder), "--quiet").exit_code == 0
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "mine.txt").write_text("keep", encoding="utf-8")
    result = walras("--paper", CHEAPEST, "--out", str(tmp_path / "notes"))
    assert result.exit_code == 2
    assert "which holds other things" in result.output
    assert (tmp_path / "notes" / "mine.txt").is_file()


@pytest.mark.slow
def test_a_replication_that_is_stopped_keeps_what_was_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop_at_the_second(paper: str, at: int) -> tuple[list[Line], list[Drawn]]:
        if at == 1:
            raise Stopped(signal.SIGTERM)
        return measure(paper, at)

    measure = replicating.measure
    monkeypatch.setattr(replicating, "measure", stop_at_the_second)
    with pytest.raises(Stopped) as stopped:
        walras("--paper", "scarf", "--out", str(tmp_path / "out"), "--quiet")
    (folder,) = tmp_path.iterdir()
    assert folder.name == "out-unfinished"  # a finished one stays
    assert stopped.value.__notes__ == [f"what was measured so far is in {folder}"]
    verdicts = set(pd.read_csv(folder / "table.csv")["verdict"])
    assert {"reproduced", "differs"} <= verdicts


def test_what_is_not_reproduced_ends_in_exit_code_3(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A published number that differs, a run that fails: both are shown, with the rest."""
    [claim] = replicating.papers()[CHEAPEST].claims
    wrong = replace(claim.published, case="altered", expected={"price[2]": 2.0})

    def fails(_: object) -> Measured:
        raise ZeroDivisionError("no market")

    paper = Paper(
        "altered", "Nobody", (claim, Claim(wrong, claim.measure), Claim(claim.published, fails))
    )
    monkeypatch.setattr(replicating, "papers", lambda: {"altered": paper})
    result = walras("--out", str(tmp_path / "out"), "--workers", "0")
    assert result.exit_code == 3
    table = pd.read_parquet(tmp_path / "out" / "table.parquet")
    assert table["verdict"].tolist() == ["reproduced", "differs", "differs"]
    assert table["why"].iloc[2] == "ZeroDivisionError: no market"


def test_an_unknown_paper_names_the_nearest() -> None:
    result = walras("--paper", "scarff")
    assert result.exit_code == 2
    assert result.output == 'walras: "scarff" is not a paper; did you mean "scarf"?\n'


def test_errata_of_a_paper_are_printed_without_a_run() -> None:
    result = walras("--paper", "ramirez", "--errata")
    assert result.exit_code == 0
    assert result.output.count("\nErratum ") == 11
    assert "bottazzi" not in result.output.lower()
    assert len(walras("--errata").output.split("\nErratum ")) == 1 + sum(
        len(paper.errata) for paper in replicating.papers().values()
    )


def test_papers_of_all_economies_are_gathered() -> None:
    found = {path.parent.name for path in (ROOT / "scenarios").glob("*/replication.py")}
    assert set(replicating.ECONOMIES) == found
    errata = {path.parent.name for path in (ROOT / "scenarios").glob("*/errata.py")}
    assert errata <= found


def test_the_page_on_replication_has_every_paper_and_figure() -> None:
    """Its tables name the command that makes each."""
    page = (ROOT / "docs" / "replication.md").read_text(encoding="utf-8")
    for paper in replicating.papers().values():
        assert f"`--paper {paper.name}`" in page, paper.name
        for claim in paper.claims:
            if claim.published.kind == "figure":
                assert claim.published.place in page, claim.published.place


@pytest.mark.slow
def test_all_papers_are_reproduced_whatever_the_number_of_workers(tmp_path: Path) -> None:
    written = []
    for workers in (0, 2):
        folder = tmp_path / str(workers)
        result = walras("--out", str(folder), "--quiet", "--workers", str(workers))
        assert result.exit_code == 0, result.output
        written.append({p.name: p.read_bytes() for p in folder.rglob("*") if p.is_file()})
    assert written[0] == written[1]
