"""What an exported run tells of itself, so that its folder is understood without its scenario."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from simulator.declared import Declared
from simulator.document.document import Picture
from simulator.parameters import declared
from simulator.results import P, Results

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NUMBERED: Final = re.compile(r"_\d+$")
"""The number of a date among those of all cases, at the end of a figure's name."""

COMMON: Final = {
    "quotes_by_round": "Posted quotes by round of trade, against the closed form of each date",
    "excess_demand_by_round": "Size of excess demand by round of trade, as a share of what is"
    " traded; hollow markers are allowed at a limit; markets have cleared below the dashes",
    "net_trades": "What each member buys (right) and sells (left), in value",
    "equilibria": "Resting points found from several starts, and how often each",
}
"""Captions of figures that any scenario may have."""


def told(
    run: Results[P], scenario: Declared[P], result: str, figures: Mapping[str, Figure]
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
        "caution": scenario.caution,
        "headline": list(scenario.headline),
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
            name: {"caption": shown.caption, "alternative": shown.alternative}
            for name, shown in pictures(run, scenario, figures).items()
        },
    }


def pictures(
    run: Results[P], scenario: Declared[P], figures: Mapping[str, Figure]
) -> dict[str, Picture]:
    """Figures of a run with their captions, and words for a reader who can't see them."""
    return {
        name: Picture(figure, caption(run, scenario, name, figure), alternative(figure))
        for name, figure in figures.items()
    }


def caption(run: Results[P], scenario: Declared[P], name: str, figure: Figure) -> str:
    """What a figure shows, without full stop, and of which case if it is numbered.

    The scenario's declaration says it; where there is none, the title of the figure or of its first
    panel that has one, or else its name.
    """
    known = {**COMMON, **scenario.captions}
    base = declared_name(name, known)
    number = NUMBERED.search(name)
    of = f" ({run.points[int(number[0][1:]) - 1].case})" if number and base != name else ""
    return f"{known[base] if base in known else _title(figure, name)}{of}"


def declared_name(name: str, known: Mapping[str, object]) -> str:
    """The name under which a figure is declared: without the number or the name of a case."""
    for one in (name, NUMBERED.sub("", name)):
        if one in known:
            return one
    return next((one for one in known if name.startswith(f"{one}_")), name)


def _title(figure: Figure, name: str) -> str:
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
