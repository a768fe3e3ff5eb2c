"""Figures at the width of a journal's column, with text of a fixed size in points."""

from __future__ import annotations

import textwrap
import warnings
from collections.abc import Iterator
from itertools import combinations
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.text import Annotation, Text
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import Bbox, ScaledTranslation

from simulator.palette import MAY_GO, PRINT_DOTS_PER_INCH, laid_out

MILLIMETRES: Final = 25.4
"""In an inch."""

TEXT: Final = 7.0
"""Points of ordinary text."""

SMALLEST: Final = 6.0
"""Points of the smallest text."""

LAID_OUT_AT: Final = 11.0
"""Points of ordinary text in figures as they are laid out for the screen."""

NARROW: Final = 62.0
"""Millimetres of width below which panels stand below one another rather than side by side."""

TALLEST: Final = 230.0
"""Millimetres of height of a page of text."""

GROWTH: Final = 1.2
"""Factor by which a figure becomes taller while texts in it overlap."""

TOUCH: Final = 1.0
"""Points by which boxes of text may touch."""

LETTER: Final = 0.56
"""Mean width of a letter, as a share of its size."""


def fitted(figure: Figure, width: float, height: float | None = None) -> Figure:
    """Arrange a figure anew at a width, with text of fixed size; in place, inside ``styled``.

    1. The heading goes: a caption says more. Text has 7 points, no less than 6; lines and markers
       shrink with it.
    2. Panels that would be too narrow side by side go below one another; legends go below theirs.
    3. Titles and labels are broken into lines that fit.
    4. The figure becomes taller until no two texts overlap, unless a height is given.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure as it was laid out for the screen.
    width : float
        Width in millimetres.
    height : float, optional
        Height in millimetres; what is needed unless given.
    """
    figure.set_dpi(PRINT_DOTS_PER_INCH)  # letters of few dots are narrower than in print
    old_width, old_height = figure.get_size_inches()
    _shrink(figure)
    rows, was = _stack(figure, width)
    least = max(width * old_height / old_width * max(1.0, rows / was), 0.62 * width)
    _legends_below(figure, width)
    tries = [height] if height is not None else _heights(least)
    found: dict[float, int] = {}
    for tall in tries:
        with warnings.catch_warnings(record=True) as collapsed:  # panels that have no room at all
            warnings.simplefilter("always")
            _arrange(figure, width, tall)
        found[tall] = len(problems(figure)) + len(collapsed)
        if not found[tall]:
            return figure
    _arrange(figure, width, min(found, key=lambda tall: (found[tall], tall)))
    return figure


def _heights(least: float) -> list[float]:
    """Heights to try, from the least that would do to the page's."""
    heights = [min(least, TALLEST)]
    while heights[-1] < TALLEST:
        heights.append(min(heights[-1] * GROWTH, TALLEST))
    return heights


def _arrange(figure: Figure, width: float, height: float) -> None:
    """Lay out at a size: once to see how wide panels are, once with lines that fit them."""
    figure.set_size_inches(width / MILLIMETRES, height / MILLIMETRES)
    for text in figure.findobj(Text):
        if text.get_label() == MAY_GO:
            text.set_visible(True)
    for _ in range(2):
        figure.set_layout_engine("constrained", h_pad=0.03, w_pad=0.03)
        laid_out(figure)
        _break_lines(figure)
    _leave_out(figure)


def _leave_out(figure: Figure) -> None:
    """Hide what may go and lies on something else; longer texts, which say more, stay."""
    figure.draw_without_rendering()
    boxes = {text: text.get_window_extent() for text in _texts(figure)}
    kept = [box for text, box in boxes.items() if text.get_label() != MAY_GO]
    touch = TOUCH * figure.dpi / 72.0
    may_go = [text for text in boxes if text.get_label() == MAY_GO]
    for text in sorted(may_go, key=lambda text: -len(text.get_text())):
        inside = figure.bbox.x0 <= boxes[text].x0 and boxes[text].x1 <= figure.bbox.x1
        if inside and not any(_overlap(boxes[text], box, touch) for box in kept):
            kept.append(boxes[text])
        else:
            text.set_visible(False)


def problems(figure: Figure) -> list[str]:
    """Texts of a figure that are cut off, or lie on one another, each in a phrase."""
    figure.draw_without_rendering()
    page, point = figure.bbox, figure.dpi / 72.0
    boxes = [(text.get_text(), text.get_window_extent()) for text in _texts(figure)]
    found = [
        f"{_short(text)} is cut off"
        for text, box in boxes
        if min(box.x0 - page.x0, box.y0 - page.y0, page.x1 - box.x1, page.y1 - box.y1) < -point
    ]
    found += [
        f"{_short(one)} and {_short(other)} overlap"
        for (one, first), (other, second) in combinations(boxes, 2)
        if _overlap(first, second, TOUCH * point)
    ]
    return found


def _overlap(one: Bbox, other: Bbox, touch: float) -> bool:
    wide = min(one.x1, other.x1) - max(one.x0, other.x0)
    tall = min(one.y1, other.y1) - max(one.y0, other.y0)
    return bool(wide > touch and tall > touch)


def _short(text: str) -> str:
    return '"' + textwrap.shorten(text, 40, placeholder="...") + '"'


def _texts(figure: Figure) -> Iterator[Text]:
    """The texts that are seen; of labels of ticks those inside the axes."""
    ticks: set[Text] = set()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            for minor in (False, True):
                each = axis.get_minor_ticks() if minor else axis.get_major_ticks()
                for tick in each:
                    room = 1e-9 * (high - low)
                    outside = not low - room <= tick.get_loc() <= high + room
                    ticks |= {tick.label2} | ({tick.label1} if outside else set())
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        shown = text not in ticks and text.get_visible()
        if shown and text.get_text().strip() and _axes_seen(text):
            yield text


def _axes_seen(text: Text) -> bool:
    return text.axes is None or (text.axes.get_visible() and _axis_seen(text))


def _axis_seen(text: Text) -> bool:
    """Whether an axis is switched on to which a text may belong."""
    axes = text.axes
    return (
        axes is None
        or axes.axison
        or not any(text in axis.findobj(Text) for axis in (axes.xaxis, axes.yaxis))
    )


def _shrink(figure: Figure) -> None:
    """Text, lines and markers at the size of print; no heading."""
    figure.suptitle("").set_in_layout(False)
    ratio = TEXT / LAID_OUT_AT
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        text.set_fontsize(min(max(float(text.get_fontsize()) * ratio, SMALLEST), TEXT + 1.0))
        if isinstance(text, Annotation) and text.anncoords == "offset points":
            across, up = text.get_position()
            text.set_position((ratio * across, ratio * up))
    for line in figure.findobj(Line2D):
        assert isinstance(line, Line2D)
        line.set_linewidth(line.get_linewidth() * ratio)
        line.set_markersize(line.get_markersize() * ratio)
    for dots in figure.findobj(PathCollection):
        assert isinstance(dots, PathCollection)
        dots.set_sizes(dots.get_sizes() * ratio**2)
    for axes in figure.axes:
        axes.tick_params(labelsize=SMALLEST, length=2.0, width=0.5, pad=2.0)
        for axis in (axes.xaxis, axes.yaxis):
            axis.labelpad *= 0.5
            locator = axis.get_major_locator()
            if isinstance(locator, MaxNLocator):
                locator.set_params(nbins="auto")


def _stack(figure: Figure, width: float) -> tuple[int, int]:
    """Put panels that would be too narrow below one another; rows there are now, and were."""
    panels = [axes for axes in figure.axes if axes.get_subplotspec() is not None]
    grids = {axes.get_subplotspec().get_gridspec() for axes in panels}  # type: ignore[union-attr]
    if len(grids) != 1:
        return 1, 1
    (grid,) = grids
    rows, columns = grid.get_geometry()
    fit = max(1, min(columns, int(width // NARROW)))
    if fit >= columns or any(
        axes.get_subplotspec().num1 != axes.get_subplotspec().num2  # type: ignore[union-attr]
        for axes in panels
    ):
        return rows, rows
    shown = [axes for axes in panels if axes.get_visible()]
    needed = -(-len(shown) // fit)
    below = figure.add_gridspec(needed, fit)
    for number, axes in enumerate(shown):
        axes.set_subplotspec(below[divmod(number, fit)])
        axes.tick_params(labelbottom=True, labelleft=True)
    return needed, rows


def _legends_below(figure: Figure, width: float) -> None:
    """Legends below their panels, that of the figure at its foot, in as many columns as fit."""
    of_panels = [(axes, old) for axes in figure.axes if (old := axes.get_legend()) is not None]
    alone = len(of_panels) == 1
    found: list[tuple[Figure | Axes, Legend]] = [
        *((figure if alone else axes, old) for axes, old in of_panels),
        *((figure, old) for old in figure.legends),
    ]
    for owner, old in found:
        labels = [text.get_text() for text in old.get_texts()]
        handles = [handle for handle in old.legend_handles if handle is not None]
        place: dict[str, Any] = (
            {"loc": "outside lower center"}
            if isinstance(owner, Figure)
            else {
                "loc": "upper center",
                "bbox_to_anchor": (0.5, 0.0),
                "bbox_transform": owner.transAxes + _points_below(owner),
            }
        )
        old.remove()
        owner.legend(
            handles,
            [textwrap.fill(label, _letters(width - 12.0)) for label in labels],
            title=old.get_title().get_text() or None,
            title_fontsize=SMALLEST,
            fontsize=SMALLEST,
            ncols=_columns(labels, width),
            borderaxespad=0.0,
            frameon=False,
            handlelength=1.8,
            columnspacing=1.0,
            **place,
        )


def _points_below(axes: Axes) -> ScaledTranslation:
    """From the foot of the axes down to where the labels of ticks, and of the axis, have ended."""
    labelled = bool(axes.get_xlabel()) and axes.xaxis.label.get_visible()
    down = (3.6 if labelled else 2.0) * TEXT
    figure = axes.get_figure(root=True)
    assert figure is not None
    return ScaledTranslation(0.0, -down / 72.0, figure.dpi_scale_trans)


def _columns(labels: list[str], width: float) -> int:
    longest = max((len(label) for label in labels), default=1)
    return max(1, min(len(labels), _letters(width) // (longest + 7)))


def _letters(width: float, size: float = SMALLEST) -> int:
    """Letters that fit into some millimetres."""
    return max(int(width / MILLIMETRES * 72.0 / (LETTER * size)), 8)


def _break_lines(figure: Figure) -> None:
    """Titles and labels of panels in lines that fit."""
    wide, tall = figure.get_size_inches() * MILLIMETRES
    for axes in figure.axes:
        place = axes.get_position()
        titles = [axes.title, axes._left_title, axes._right_title]  # type: ignore[attr-defined]
        to_edge = (1.0 - place.x0) * wide - 2.0
        for text, room in (
            *((title, to_edge) for title in titles),
            (axes.xaxis.label, place.width * wide + 6.0),
            (axes.yaxis.label, place.height * tall + 2.0),
        ):
            words = " ".join(text.get_text().split())
            if words and "$" not in words:
                text.set_text(textwrap.fill(words, _letters(room, text.get_fontsize())))
