"""Sweeps from the command and from Python: what is asked, how the runs get on, how they ended."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.markup import escape

from markets.refused import Refused
from simulator.scenario import Scenario
from simulator.sweep.asked import Asked
from simulator.sweep.axes import Axis, Range, read_axis, read_sample, read_seeds
from simulator.sweep.handing_out import Options, Standing
from simulator.sweep.one_run import Asking
from simulator.sweep.sweep import Sweep, sweep
from walras.printing import err, out

if TYPE_CHECKING:
    from rich.progress import Progress

FOLDER = Path("sweeps")
"""Where sweeps go unless a folder is given."""


@dataclass(frozen=True, slots=True)
class Loader:
    """Loads a scenario, in this process or in a worker on another machine.

    Attributes
    ----------
    name : str
        Its name, or that of the user's own file.
    text : str, optional
        The content of that file, which travels with it; what the file imports does not.
    """

    name: str
    text: str | None = None

    @classmethod
    def of(cls, scenario: Scenario[Any]) -> Loader:
        """Loads a scenario that is loaded here."""
        if scenario.file is None:
            return cls(scenario.name)
        return cls(str(scenario.file.resolve()), scenario.file.read_text(encoding="utf-8"))

    def __call__(self) -> Scenario[Any]:
        """The scenario; a file is executed."""
        from walras.catalogue import find
        from walras.own import load

        if self.text is None:
            return find(self.name)
        path = Path(self.name)
        with suppress(OSError):
            if path.read_text(encoding="utf-8") == self.text:
                return load(path)
        copy = Path(tempfile.mkdtemp(prefix="walras-")) / path.name
        copy.write_text(self.text, encoding="utf-8")
        return load(copy)


def from_python(
    scenario: Scenario[Any],
    parameters: Mapping[str, object],
    *,
    seeds: Sequence[int] | range | str,
    sample: str | None,
    folder: str | Path | None,
    options: Options,
) -> Sweep:
    """A sweep as :func:`walras.sweep` asks for it."""
    listed = read_seeds(seeds) if isinstance(seeds, str) else tuple(int(seed) for seed in seeds)
    asked = _asked([_axis(name, value) for name, value in parameters.items()], listed, sample)
    target = FOLDER / scenario.name if folder is None else Path(folder)
    return sweep(Loader.of(scenario), asked, target, options)


def command(
    scenario: Scenario[Any],
    given: Mapping[str, object],
    axes: Sequence[Axis | Range],
    *,
    seeds: str,
    sample: str | None,
    workers: int | None,
    scheduler: str | None,
    follow: str | None,
    folder: Path | None,
    tables: Sequence[str],
    time_limit: float | None,
    starts: int,
    anyway: bool,
    quiet: bool,
    beside: Path | None,
    code: Sequence[Path],
) -> Sweep:
    """A sweep as the command asks for it, with its progress and a report of how it ended."""
    named = {axis.name for axis in axes}
    fixed = [Axis(name, (value,)) for name, value in given.items() if name not in named]
    options = Options(
        workers=_cores() if workers is None else workers,
        scheduler=scheduler,
        follow=follow,
        asking=Asking(tuple(tables), time_limit, starts),
        anyway=anyway,
    )
    target = FOLDER / scenario.name if folder is None else folder
    with Bar(scenario.name, quiet) as bar:
        asked = _asked([*fixed, *axes], read_seeds(seeds), sample)
        done = sweep(Loader.of(scenario), asked, target, options, bar.show, beside, code)
    _report(done)
    return done


def write_figures(
    folder: Path,
    x: str | None,
    y: Sequence[str],
    by: str | None,
    heat: tuple[str, str] | None,
    date: int | None,
    target: Path | None,
    dpi: float,
    width: float | None,
) -> list[Path]:
    """Plot a sweep and give the PNG files.

    Raises
    ------
    Refused
        If a column is unknown, or it is not clear what to plot.
    """
    from simulator.export import Format, check_writable, save_figure
    from simulator.new_folder import new_files
    from simulator.palette import styled
    from simulator.sweep.figures import lines, maps

    if (x is None) == (heat is None):
        raise Refused("plot needs --x COLUMN, or --heat A B for maps over two parameters")
    if heat is not None:
        if by is not None:
            raise Refused(f"by is {by}; maps have no lines to tell apart, leave it out")
        figures = maps(folder, *heat, y, date=date)
    else:
        assert x is not None
        figures = lines(folder, x, y, by, date=date)
    place = folder / "figures" if target is None else target
    check_writable(place)
    form = Format(dpi=dpi, width=width)
    with styled(), new_files(place) as fresh:
        for name, figure in figures.items():
            save_figure(figure, fresh / name, form)
    return [place / f"{name}.png" for name in figures]


class Bar:
    """How a sweep gets on, on the terminal: runs done, rate, time left, counts by outcome."""

    def __init__(self, name: str, quiet: bool) -> None:
        self.name, self.quiet = name, quiet or not err.is_terminal
        self.progress: Progress | None = None

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *ended: object) -> None:
        if self.progress is not None:
            self.progress.stop()

    def show(self, standing: Standing) -> None:
        """Show a standing; what was done before does not count for the rate."""
        if self.quiet:
            return
        if self.progress is None:
            self.progress = _bar()
            self.progress.start()
            self.task = self.progress.add_task(self.name, total=standing.total, rate="", counts="")
            self.before = standing.done
        elapsed = self.progress.tasks[0].elapsed or 0.0
        rate = (standing.done - self.before) / elapsed if elapsed else 0.0
        self.progress.update(
            self.task,
            completed=standing.done,
            rate=f"{rate:.3g} runs/s" if rate else "",
            counts=_counts(standing.counts),
        )


def _bar() -> Progress:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = [
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[counts]}"),
    ]
    return Progress(*columns, console=err, transient=True, speed_estimate_period=60.0)


def _report(done: Sweep) -> None:
    """How the runs ended, how long they took, and where the tables are."""
    before = len(done.plan) - done.done_now
    earlier = f", {before} of them before" if before else ""
    out.print(
        f"[bold]{done.plan.scenario}[/bold]: {len(done.plan)} runs{earlier}:"
        f" {escape(_counts(done.counts))}",
        highlight=False,
    )
    if done.done_now:
        rate = done.done_now / max(done.seconds, 1e-9)
        out.print(
            f"{done.done_now} runs in {done.seconds:.3g} s, {rate:.3g} a second", highlight=False
        )
    if done.saving is not None:
        out.print(escape(done.saving), highlight=False)
    out.print(f"written to {done.folder}", highlight=False)


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {outcome}" for outcome, number in counts.items())


def _asked(parts: Sequence[Axis | Range], seeds: Sequence[int], sample: str | None) -> Asked:
    return Asked(
        axes=[part for part in parts if isinstance(part, Axis)],
        ranges=[part for part in parts if isinstance(part, Range)],
        sample=None if sample is None else read_sample(sample),
        seeds=seeds,
    )


def _axis(name: str, value: object) -> Axis | Range:
    """Text is read as in the command; a list has the values; anything else is the one value."""
    if isinstance(value, str):
        return read_axis(f"{name}={value}")
    if isinstance(value, (list, tuple, range, np.ndarray)):
        return Axis(name, tuple(value))
    return Axis(name, (value,))


def _cores() -> int:
    """Cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1
