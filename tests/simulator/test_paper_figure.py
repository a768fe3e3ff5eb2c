"""Figures of exported runs at a column's width: drawn from the folder alone, nothing cut off."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from typer.testing import CliRunner

import walras
from markets.refused import Refused
from simulator.column_figure import SMALLEST, fitted, problems
from simulator.export import Format, save_figure
from simulator.palette import styled
from simulator.paper_figure import millimetres, sourced_caption, write_figure
from simulator.reopened import reopen
from simulator.told import COMMON, declared_name
from walras.catalogue import TITLES, find
from walras.command import app

SMALL: dict[str, dict[str, Any]] = {
    "margin-hike": {"traders": 60},
    "euro-crisis": {"traders": 40},
    "pledgeability": {"days": 4, "investors": 40},
    "pledgeable-securities": {"days": 4, "investors": 40},
    "margin-procyclicality": {"dates": 12},
}
"""Parameters that make a run quick."""

COLUMN, PAGE = 84.0, 174.0
"""Millimetres."""

WIDER = {
    "event_tree": PAGE,
    "haircuts_and_yields": 240.0,
    "marginal_buyers": PAGE,
    "net_trade_diagram": PAGE,
    "bias_by_haircut_and_rate": PAGE,
}
"""Figures that need more than a column."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = walras.run("exchange")
    return Path(run.export(tmp_path_factory.mktemp("runs"), form=Format(("svg",))))


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[] if name == "exchange" else [pytest.mark.slow]) for name in TITLES],
)
def test_figures_are_redrawn_from_the_folder_alone(name: str, tmp_path: Path) -> None:
    folder = walras.run(name, **SMALL.get(name, {})).export(tmp_path, form=Format(("svg",)))
    again = reopen(folder, find)
    with styled():
        for figure, drawn in again.plot().items():
            save_figure(drawn, tmp_path / figure, Format(("svg",)))
            assert (tmp_path / f"{figure}.svg").read_bytes() == (
                folder / f"{figure}.svg"
            ).read_bytes(), figure
    known = {**COMMON, **again.scenario.captions}
    assert [one for one in again.plot() if declared_name(one, known) not in known] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", TITLES)
def test_no_text_is_cut_off_or_covered_at_the_width_of_a_column_or_page(name: str) -> None:
    run = walras.run(name, **SMALL.get(name, {}))
    for least in (COLUMN, PAGE):
        with styled():
            for figure, drawn in run.plot().items():
                width = max(least, WIDER.get(re.sub(r"_\d+$", "", figure), 0.0))
                assert problems(fitted(drawn, width)) == [], (figure, width)
                sizes = [float(text.get_fontsize()) for text in drawn.findobj(Text)]
                assert min(sizes) >= SMALLEST, figure


def test_a_pdf_has_the_width_asked_for_and_embedded_truetype(folder: Path, tmp_path: Path) -> None:
    run = reopen(folder, find)
    form = Format(("pdf",), width=COLUMN)
    written = write_figure(run, "quotes_by_round", form, tmp_path)
    assert [path.suffix for path in written] == [".pdf", ".tex", ".txt"]
    content = written[0].read_bytes()
    box = re.search(rb"/MediaBox \[ ?0 0 ([\d.]+) ([\d.]+)", content)
    assert box is not None
    assert float(box[1]) == pytest.approx(COLUMN / 25.4 * 72.0, abs=0.01)
    assert b"/FontFile2" in content
    assert b"/Type3" not in content
    again = write_figure(run, "quotes_by_round", form, tmp_path / "again")
    assert again[0].read_bytes() == content


def test_a_caption_says_what_is_shown_of_which_run(folder: Path, tmp_path: Path) -> None:
    run = reopen(folder, find)
    said = sourced_caption(run, "quotes_by_round", Figure())
    assert said.startswith("Posted quotes by round of trade")
    assert "scenario exchange" in said
    assert "seed 0" in said
    assert run.title.source in said
    write_figure(run, "net_trades", Format(("png",), width=COLUMN), tmp_path)
    tex = (tmp_path / "net_trades.tex").read_text()
    assert "\\includegraphics{net_trades}" in tex
    asked = walras.run("exchange", max_rounds=50)
    assert "with max_rounds = 50, other" in sourced_caption(asked, "net_trades", Figure())


def test_what_can_not_be_drawn_is_refused(folder: Path, tmp_path: Path) -> None:
    run = reopen(folder, find)
    form = Format(("pdf",), width=COLUMN)
    with pytest.raises(Refused, match='did you mean "net_trades"'):
        write_figure(run, "net_trade", form, tmp_path)
    with pytest.raises(Refused, match=r"does not fit into 84 mm by 20 mm"):
        write_figure(run, "net_trades", form, tmp_path, 20.0)
    with pytest.raises(Refused, match="must be a length from 20mm to 2000mm"):
        millimetres("width", "84 feet")
    (folder / "extra.txt").write_text("")
    with pytest.raises(Refused, match="altered"):
        reopen(folder, find)
    (folder / "extra.txt").unlink()
    assert list(tmp_path.iterdir()) == []


def test_the_command_draws_a_figure(folder: Path, tmp_path: Path) -> None:
    words = ["figure", str(folder), "net_trades", "--width", "8.4cm", "--out", str(tmp_path)]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    assert (tmp_path / "net_trades.pdf").is_file()
    assert CliRunner().invoke(app, [*words, "--width", "1"]).exit_code == 2
