"""What an exported run tells of itself, so that its folder is understood without its scenario."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from simulator.parameters import declared
from simulator.results import P, Results

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def told(
    run: Results[P],
    caution: str,
    headline: Sequence[str],
    result: str,
    figures: Mapping[str, Figure],
) -> dict[str, Any]:
    """The question, the result in words, parameters with their meaning, captions of figures.

    Plain data for the manifest.
    """
    given = run.parameters.model_dump(mode="json", exclude_defaults=True)
    kept = run.parameters.model_dump(mode="json")
    return {
        "question": run.title.summary,
        "source": run.title.source,
        "result": result,
        "caution": caution,
        "headline": list(headline),
        "units": dict(run.units),
        "parameters": [
            {
                "name": item.name,
                "default": item.default,
                "differs": item.name in given,
                "unit": item.unit,
                "meaning": item.meaning,
            }
            for item in declared(type(run.parameters))
            if item.name in kept
        ],
        "figures": {
            name: {"caption": caption(figure, name), "alternative": alternative(figure)}
            for name, figure in figures.items()
        },
    }


def caption(figure: Figure, name: str) -> str:
    """Title of a figure, or of its first panel that has one; its name where there is none."""
    titles = [figure.get_suptitle(), *(title for axes in figure.axes for title in _titles(axes))]
    return next((_plain(title) for title in titles if title), name.replace("_", " "))


def alternative(figure: Figure) -> str:
    """What a figure shows, for a reader who can't see it: axes and curves of each panel."""
    panels = []
    for axes in figure.axes:
        x, y = _plain(axes.get_xlabel()), _plain(axes.get_ylabel())
        title = "; ".join(map(_plain, _titles(axes)))
        against = f"{y} against {x}" if x and y else y or x
        curves = [_plain(str(label)) for label in axes.get_legend_handles_labels()[1]]
        of = f" of {', '.join(dict.fromkeys(curves))}" if curves else ""
        if against or title:
            panels.append(": ".join(part for part in (title, f"{against}{of}") if part))
    said = "; ".join(dict.fromkeys(panels))
    return f"{'Panels' if len(panels) > 1 else 'Figure'}: {said}" if said else "Figure"


def _titles(axes: Axes) -> list[str]:
    return [text for side in ("left", "center", "right") if (text := axes.get_title(loc=side))]


def _plain(text: str) -> str:
    """Text of a figure on one line, without the marks of formulas."""
    return " ".join(text.replace("$", "").split())
