"""Pictures of a sweep show its rows: means and ranges, what is left out, words with a legend."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from matplotlib.collections import PathCollection, QuadMesh
from matplotlib.figure import Figure

from markets.refused import Refused
from simulator.sweep.asked import Asked
from simulator.sweep.axes import Axis, Range, Sample
from simulator.sweep.figures import lines, maps
from simulator.sweep.sweep import Sweep, sweep
from tests.simulator.sweep.small import DRAWN, LOW, TRADERS, Counted, Find

HAIRCUTS = Axis("haircuts", ([0.01, 0.1], [0.3, 0.4]))
MARKETS = Axis("market", ("short", "long"))
WRONG = Axis("high_payoff", (0.65, 1.15))


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    """Twelve runs of drawn traders, of which those with payoffs in the wrong order are refused."""
    asked = Asked([TRADERS, DRAWN, LOW, WRONG], seeds=range(2))
    return sweep(Find(Counted()), asked, tmp_path_factory.mktemp("drawn"))


def said(figure: Figure) -> str:
    title = figure._suptitle  # type: ignore[attr-defined]
    return str(title.get_text())


def test_lines_are_means_with_ranges_over_seeds(drawn: Sweep) -> None:
    (figure,) = lines(drawn.folder, "low_payoff", ["security_price"], "high_payoff").values()
    assert said(figure) == (
        "security price\nmean and range over seed\n4 of 16 dates that did not clear are left out"
    )
    (axes,) = figure.axes
    table = drawn.table[(drawn.table["date"] == 2) & (drawn.table["high_payoff"] == 1.15)]
    means = table.groupby("low_payoff")["security_price"].mean()
    assert np.allclose(axes.lines[1].get_xydata(), np.column_stack([means.index, means]))
    assert [line.get_label() for line in axes.lines] == ["0.65", "1.15"]
    assert len({(line.get_linestyle(), line.get_marker()) for line in axes.lines}) == 2
    band = np.asarray(axes.collections[1].get_paths()[0].vertices)
    assert band[:, 1].max() == pytest.approx(table["security_price"].max())


def test_lines_over_a_read_out_have_all_dates(drawn: Sweep) -> None:
    (figure,) = lines(drawn.folder, "haircut").values()
    assert [axes.get_ylabel() for axes in figure.axes] == ["repo rate", "security price"]
    assert figure.axes[0].lines[0].get_xdata().tolist() == [0.01, 0.03]  # type: ignore[union-attr]
    assert "over low payoff, high payoff, seed" in said(figure)


def test_means_are_not_over_a_parameter_that_the_column_across_tells(done: Path) -> None:
    (figure,) = lines(done, "haircut", ["security_price"]).values()
    assert said(figure).splitlines()[1] == "mean and range over low payoff, seed"


def test_a_map_shows_means_as_colours_and_words_with_a_legend(drawn: Sweep) -> None:
    figures = maps(drawn.folder, "low_payoff", "high_payoff", ["outcome", "security_price"])
    words, numbers = figures.values()
    assert list(figures) == [f"low_payoff-high_payoff-{y}" for y in ("outcome", "security_price")]
    legend = words.axes[0].get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["cleared", "refused input"]
    cells = next(c for c in numbers.axes[0].collections if isinstance(c, QuadMesh)).get_array()
    assert cells is not None
    table = drawn.table[drawn.table["date"] == 2]
    means = table.groupby(["high_payoff", "low_payoff"])["security_price"].mean().unstack()
    assert np.ma.filled(cells, np.nan) == pytest.approx(means.to_numpy(), nan_ok=True)
    assert said(numbers).startswith("security price\nmean over seed\n4 of 16")


def test_a_sample_is_dots(do: Callable[..., Sweep]) -> None:
    ranges = [Range("low_payoff", 0.5, 0.8), Range("high_payoff", 1.0, 1.2)]
    done = do(Asked([TRADERS], ranges, Sample("sobol", 8)))
    (figure,) = done.heat("low_payoff", "high_payoff", "security_price").values()
    assert any(isinstance(drawn, PathCollection) for drawn in figure.axes[0].collections)


def test_lists_of_one_number_are_numbers_and_others_words(do: Callable[..., Sweep]) -> None:
    single = do(Asked([TRADERS, Axis("haircuts", ([0.01], [0.1]))]))
    (figure,) = single.plot("haircuts").values()
    assert figure.axes[0].lines[0].get_xdata().tolist() == [0.01, 0.1]  # type: ignore[union-attr]
    double = do(Asked([TRADERS, HAIRCUTS]), "double")
    (figure,) = double.plot("haircuts", "repo_rate").values()
    ticks = [text.get_text() for text in figure.axes[0].get_xticklabels()]
    assert ticks == ["[0.01, 0.1]", "[0.3, 0.4]"]


def test_several_equilibria_are_an_outcome_of_their_own(
    do: Callable[..., Sweep], monkeypatch: pytest.MonkeyPatch
) -> None:
    done = do(Asked([TRADERS, LOW, MARKETS]), starts=2)
    from simulator.sweep import figures

    read = figures._read

    def several(*given: object) -> figures.Shown:
        shown = read(*given)  # type: ignore[arg-type]
        shown.rows.loc[shown.rows["market"] == "long", "equilibria"] = 3
        return shown

    monkeypatch.setattr(figures, "_read", several)
    (figure,) = done.heat("low_payoff", "market", "outcome").values()
    legend = figure.axes[0].get_legend()
    assert legend is not None
    texts = [text.get_text() for text in legend.get_texts()]
    assert texts == ["cleared", "cleared, several equilibria"]


@pytest.mark.parametrize(
    ("x", "y", "by", "date", "said"),
    [
        ("low_payof", [], None, None, 'not a column of this sweep; did you mean "low_payoff"'),
        ("low_payoff", ["prise"], None, None, "is not a column of this sweep"),
        ("low_payoff", ["verdict"], None, None, "y is verdict, which is words; --heat shows these"),
        ("low_payoff", [], "security_price", None, "8 lines can be told apart; show it with --hea"),
        ("low_payoff", [], None, 9, "date is 9; the last one of this sweep is 2"),
        ("low_payoff", ["repo_rate"] * 7, None, None, "7 columns are too many for a figure"),
    ],
)
def test_what_cant_be_shown_is_refused(
    drawn: Sweep, x: str, y: list[str], by: str | None, date: int | None, said: str
) -> None:
    with pytest.raises(Refused) as refused:
        lines(drawn.folder, x, y, by, date=date)
    assert said in str(refused.value)


def test_a_folder_without_a_sweep_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="holds no table of a sweep; name the folder of one"):
        maps(tmp_path, "a", "b")
