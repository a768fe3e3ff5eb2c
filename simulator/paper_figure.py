"""A figure of an exported run for a paper: at a column's width, with its caption beside it."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from matplotlib.figure import Figure

from markets.refused import Refused
from simulator.column_figure import fitted, problems
from simulator.document.document import as_sentence
from simulator.export import Format, check_writable, save_figure
from simulator.names import unknown
from simulator.new_folder import new_files
from simulator.outcome import Outcome
from simulator.palette import styled
from simulator.run import Run
from simulator.told import caption, declared_name
from simulator.versions import versions

WIDTHS: Final = (84.0, 120.0, 140.0, 174.0, 200.0, 250.0)
"""Widths in millimetres that are tried to say which would do."""

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
        said = sourced_caption(run, name, figure)  # the heading goes below
        fitted(figure, form.width, height)
        _check(run, name, figure, form.width, height)
        with new_files(target) as fresh:
            save_figure(figure, fresh / name, replace(form, width=None))
            (fresh / f"{name}.txt").write_text(textwrap.fill(said, 100) + "\n", "utf-8")
            (fresh / f"{name}.tex").write_text(_tex(name, said), "utf-8")
            written = sorted(path.name for path in fresh.iterdir())
    return [target / name for name in written]


def sourced_caption(run: Run[Any], name: str, figure: Figure) -> str:
    """What a figure shows, of which scenario at which parameters, and where both come from."""
    shown = caption(run, run.scenario, name, figure)
    given: Mapping[str, Any] = run.parameters.model_dump(mode="json", exclude_defaults=True)
    asked = ", ".join(f"{key} = {json.dumps(value)}" for key, value in given.items())
    short = textwrap.shorten(asked, 400, placeholder=" ...")
    at = f"with {short}, other parameters at their defaults" if asked else "with its defaults"
    cases = list(dict.fromkeys(point.case for point in run.points))
    told = len(cases) == 1 or any(shown.endswith(f" ({case})") for case in cases)
    several = "" if told else f" Cases: {', '.join(cases)}."
    ended = "" if run.outcome is Outcome.CLEARED else f" The run ended otherwise: {run.outcome}."
    return (
        f"{as_sentence(shown)}{several} Simulated with walras {versions()['walras']}, scenario"
        f" {run.title.name}, {at}, seed {run.seed}.{ended} Source of the model:"
        f" {run.title.source.rstrip('.')}."
    )


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
    declared = run.scenario.narrowest
    least = declared.get(declared_name(name, declared), 0.0)
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
