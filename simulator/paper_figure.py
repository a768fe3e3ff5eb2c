"""A figure of an exported run for a paper: at a column's width, with its caption beside it."""

from __future__ import annotations

import json
import re
import tempfile
import textwrap
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from matplotlib.figure import Figure

from markets.refused import Refused
from simulator.column_figure import fitted, problems
from simulator.export import Format, check_writable, save_figure
from simulator.names import unknown
from simulator.outcome import Outcome
from simulator.palette import styled
from simulator.run import Run
from simulator.versions import versions

WIDTHS: Final = (84.0, 120.0, 140.0, 174.0, 200.0, 250.0)
"""Widths in millimetres that are tried to say which would do."""

NUMBERED: Final = re.compile(r"_\d+$")
"""The number of a case, at the end of a name."""

COMMON: Final = {
    "quotes_by_round": "Posted quotes by round of trade, against the closed form of each date",
    "excess_demand_by_round": "Size of excess demand by round of trade, as a share of what is"
    " traded; hollow markers are allowed at a limit; markets have cleared below the dashes",
    "net_trades": "What each member buys (right) and sells (left), in value",
    "equilibria": "Resting points found from several starts, and how often each",
}
"""Captions of figures that any scenario may have."""

TEX: Final = {sign: f"\\{sign}" for sign in "&%$#_{}"} | {
    "~": "\\textasciitilde{}",
    "^": "\\textasciicircum{}",
    "\\": "\\textbackslash{}",
}
"""Signs that TeX would take for commands."""


SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(mm|cm|in|pt)?")
"""A length with its unit."""

UNITS: Final = {None: 1.0, "mm": 1.0, "cm": 10.0, "in": 25.4, "pt": 25.4 / 72.27}
"""Millimetres in a unit of length; points are those of TeX."""


def millimetres(what: str, given: str) -> float:
    """A length in millimetres, from 20 to 2000.

    Examples
    --------
    >>> millimetres("width", "84mm"), millimetres("width", "8.4 cm")
    (84.0, 84.0)
    """
    found = SIZE.fullmatch(given.strip())
    length = 0.0 if found is None else float(found[1]) * UNITS[found[2]]
    if not 20.0 <= length <= 2000.0:
        raise Refused(f"{what} is {given}; it must be a length from 20mm to 2000mm, such as 84mm")
    return length


def write_figure(
    run: Run[Any], name: str, form: Format, target: Path, height: float | None = None
) -> list[Path]:
    """Draw a figure of a run, and write it with its caption as text and for LaTeX.

    Parameters
    ----------
    run : Run
        The run, for instance one that was read back.
    name : str
        Name of the figure.
    form : Format
        Kinds of files and width in millimetres.
    target : pathlib.Path
        Folder to write to; files of the same name are replaced.
    height : float, optional
        Height in millimetres; what the figure needs unless given.

    Raises
    ------
    Refused
        If there is no such figure, the folder can't be written to, or the text of the figure does
        not fit into that size: with the least width that would do.
    """
    check_writable(target)
    assert form.width is not None
    with styled():
        figure = _drawn(run, name)
        fitted(figure, form.width, height)
        _check(run, name, figure, form.width, height)
        target.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".walras-", dir=target) as temporary:
            stem = Path(temporary) / name
            save_figure(figure, stem, replace(form, width=None))
            said = caption(run, name)
            stem.with_name(f"{name}.txt").write_text(textwrap.fill(said, 100) + "\n", "utf-8")
            stem.with_name(f"{name}.tex").write_text(_tex(name, said), "utf-8")
            return [path.replace(target / path.name) for path in sorted(Path(temporary).iterdir())]


def caption(run: Run[Any], name: str) -> str:
    """What a figure shows, of which scenario at which parameters, and where both come from."""
    shown = captions(run)[_base(run, name)]
    given: Mapping[str, Any] = run.parameters.model_dump(mode="json", exclude_defaults=True)
    asked = ", ".join(f"{key} = {json.dumps(value)}" for key, value in given.items())
    short = textwrap.shorten(asked, 400, placeholder=" ...")
    at = f"with {short}, other parameters at their defaults" if asked else "with its defaults"
    cases = list(dict.fromkeys(point.case for point in run.points))
    number = NUMBERED.search(name)
    of = ""
    if number is not None and _base(run, name) != name:
        of = f" ({run.points[int(number[0][1:]) - 1].case})"
    ended = "" if run.outcome is Outcome.CLEARED else f" The run ended otherwise: {run.outcome}."
    several = f" Cases: {', '.join(cases)}." if len(cases) > 1 and not of else ""
    return (
        f"{shown}{of}.{several} Simulated with walras {versions()['walras']}, scenario"
        f" {run.title.name}, {at}, seed {run.seed}.{ended} Source of the model:"
        f" {run.title.source.rstrip('.')}."
    )


def captions(run: Run[Any]) -> dict[str, str]:
    """What the figures of a run show, by name."""
    return {**COMMON, **run.scenario.captions}


def _base(run: Run[Any], name: str) -> str:
    """The name under which a figure is declared: without the number or the name of a case."""
    known = captions(run)
    short = NUMBERED.sub("", name)
    for one in (name, short):
        if one in known:
            return one
    return next((one for one in known if name.startswith(f"{one}_")), name)


def _drawn(run: Run[Any], name: str) -> Figure:
    """The figure as it is laid out for the screen."""
    figures = run.scenario.all_figures(run)
    if name not in figures:
        names = f"figures of this run are {', '.join(figures)}"
        raise Refused(f"{unknown(name, list(figures), 'figure')}; {names}")
    return figures[name]


def _check(run: Run[Any], name: str, figure: Figure, width: float, height: float | None) -> None:
    """Refuse a size into which the text does not fit."""
    found = problems(figure)
    least = run.scenario.narrowest.get(_base(run, name), 0.0)
    if width >= least and not found:
        return
    reason = found[0] if found else f"it is drawn for {least:g} mm or more"
    size = f"{width:g} mm" + ("" if height is None else f" by {height:g} mm")
    for wider in (w for w in WIDTHS if w > width and w >= least):
        if not problems(fitted(_drawn(run, name), wider, height)):
            raise Refused(
                f"{name} does not fit into {size} ({reason}); a width of {wider:g} mm would do"
            )
    raise Refused(f"{name} does not fit into {size} ({reason}); give more room")


def _tex(name: str, said: str) -> str:
    """A figure of LaTeX with the caption."""
    escaped = "".join(TEX.get(sign, sign) for sign in said)
    lines = (
        "\\begin{figure}",
        "  \\centering",
        f"  \\includegraphics{{{name}}}",
        f"  \\caption{{{escaped}}}",
        f"  \\label{{fig:{name.replace('_', '-')}}}",
        "\\end{figure}",
    )
    return "\n".join(lines) + "\n"
