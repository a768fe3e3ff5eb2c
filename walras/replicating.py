"""What was published of the papers, simulated again: one table, figures, errata, a report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pandas as pd
from rich.markup import escape

from markets.refused import Refused
from simulator.document.document import (
    Block,
    Code,
    Document,
    Facts,
    Picture,
    Prose,
    Section,
    Table,
    as_sentence,
)
from simulator.document.files import write_into
from simulator.export import UNFINISHED, check_writable
from simulator.names import unknown
from simulator.new_folder import new_folder
from simulator.replication import Line, Measured, left_out_line, lines_of, table
from simulator.stopping import INTERRUPTS, stoppable, unstoppable
from simulator.sweep.workers import processes
from simulator.versions import versions
from walras.printing import err, out, print_table, print_written

if TYPE_CHECKING:
    from simulator.published import Erratum, Paper

ECONOMIES: Final = (
    "repo", "bankruptcy", "credit", "pledge", "funding", "promises", "leverage", "exchange",
)  # fmt: skip
"""Whose papers are gathered: ``PAPERS`` in ``scenarios/<economy>/replication.py``."""

FOLDER: Final = Path("replication")
"""Where results go unless a folder is given."""

CLAIMS_EACH: Final = 8
"""Claims that are worth starting a process for."""

SHOWN: Final = (
    "quantity", "verdict", "published", "simulated", "closed form", "difference", "tolerance",
    "certificate",
)  # fmt: skip
"""Columns of the table in the terminal."""


SMALL: Final = 1e-6
"""Values below this in size are shown with two digits: they are errors, or zero."""


@cache
def papers() -> dict[str, Paper]:
    """All papers by name."""
    found: dict[str, Paper] = {}
    for economy in ECONOMIES:
        for paper in import_module(f"scenarios.{economy}.replication").PAPERS:
            found[paper.name] = paper
    return found


def chosen(names: Sequence[str] | None) -> list[Paper]:
    """The papers of these names, in their own order; all unless some are named.

    Raises
    ------
    Refused
        If there is no paper of a name.
    """
    known = papers()
    for name in names or []:
        if name not in known:
            raise Refused(unknown(name, list(known), "paper"))
    return [paper for name, paper in known.items() if not names or name in names]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A figure of a paper, drawn from runs.

    Attributes
    ----------
    paper, place, case, name : str
        What it shows.
    caption, alternative : str
        What stands below it, and what is read out to those who can't see it.
    content : bytes
        A PNG file.
    """

    paper: str
    place: str
    case: str
    name: str
    caption: str
    alternative: str
    content: bytes

    @property
    def file(self) -> str:
        """Name of its file."""
        words = "".join(c if c.isalnum() else " " for c in f"{self.case} {self.name}").split()
        return f"{self.paper}-{'-'.join(words).lower()}.png"


@dataclass(frozen=True, slots=True)
class Replication:
    """What was found: a line per number or statement, and figures; what stopped it, if anything."""

    papers: tuple[Paper, ...]
    lines: tuple[Line, ...]
    figures: tuple[Drawn, ...]
    stopped: BaseException | None = None

    @property
    def table(self) -> pd.DataFrame:
        """One row per line."""
        return table(self.lines)

    @property
    def differing(self) -> list[Line]:
        """Lines whose values are not the published ones."""
        return [line for line in self.lines if line.verdict == "differs"]

    @property
    def counts(self) -> dict[str, int]:
        """Lines by verdict."""
        return dict(Counter(line.verdict for line in self.lines))


def replicate(
    of: Sequence[Paper], workers: int = 2, progress: Callable[[int, int], None] | None = None
) -> Replication:
    """Measure all claims of papers, and compare.

    Parameters
    ----------
    of : sequence of Paper
        The papers; see :func:`chosen`.
    workers : int
        Processes at most; few claims are measured in this one, and all of them with none. Results
        are the same.
    progress : callable, optional
        Called with the number of claims done and of all claims.
    """
    asked = [(paper.name, at) for paper in of for at in range(len(paper.claims))]
    measured: list[tuple[list[Line], list[Drawn]]] = []
    stopped: BaseException | None = None
    try:
        with stoppable():
            for done in _measure_all(asked, min(workers, len(asked) // CLAIMS_EACH)):
                measured.append(done)
                if progress is not None:
                    progress(len(measured), len(asked))
    except INTERRUPTS as interrupt:
        if not measured:
            raise
        stopped = interrupt
        measured += [_not_measured(*one, "stopped before") for one in asked[len(measured) :]]
    lines: list[Line] = []
    for paper in of:
        own = [done for (name, _), (done, _) in zip(asked, measured, strict=True)
               if name == paper.name]  # fmt: skip
        lines += [line for each in own for line in each]
        lines += [left_out_line(paper.name, left) for left in paper.left_out]
    return Replication(
        tuple(of), tuple(lines), tuple(figure for _, drawn in measured for figure in drawn), stopped
    )


def _measure_all(
    asked: list[tuple[str, int]], workers: int
) -> Iterable[tuple[list[Line], list[Drawn]]]:
    if workers == 0:
        yield from (measure(*one) for one in asked)
        return
    with processes(workers) as executor:
        yield from executor.map(measure, *zip(*asked, strict=True))


def measure(paper: str, at: int) -> tuple[list[Line], list[Drawn]]:
    """Measure a claim, and draw its figures; what fails to run is a line that differs."""
    claim = papers()[paper].claims[at]
    row = claim.published
    try:
        found = claim.measure(row)
        figures = found.draw()
    except Exception as error:  # noqa: BLE001 - the other claims are to be seen all the same
        why = f"{type(error).__name__}: {error}"
        return _not_measured(paper, at, why)
    drawn = [
        Drawn(
            paper, row.place, row.case, name, shown.caption, shown.alternative, shown.content
        )
        for name, shown in figures.items()
    ]  # fmt: skip
    return list(lines_of(paper, row, found)), drawn


def _not_measured(paper: str, at: int, why: str) -> tuple[list[Line], list[Drawn]]:
    """Lines of a claim that differ because nothing is simulated."""
    lines = lines_of(paper, papers()[paper].claims[at].published, Measured())
    return [replace(line, verdict="differs", why=why) for line in lines], []


# ------------------------------------------------------------------ files
def export(done: Replication, folder: Path) -> Path:
    """Write table, figures and report to a folder, all of it or nothing; an older one is replaced.

    Raises
    ------
    Refused
        If the folder can't be written to, or holds other things.
    """
    check_writable(folder.parent)
    if folder.is_dir() and any(folder.iterdir()) and not (folder / "table.parquet").is_file():
        raise Refused(f"out is {folder}, which holds other things; it must be a new folder")
    with new_folder(folder) as fresh:
        (fresh / "figures").mkdir()
        done.table.to_parquet(fresh / "table.parquet", index=False, compression="zstd")
        done.table.to_csv(fresh / "table.csv", index=False)
        for figure in done.figures:
            (fresh / "figures" / figure.file).write_bytes(figure.content)
        write_into(document(done, fresh / "figures"), fresh, "report")
    return folder


def document(done: Replication, figures: Path) -> Document:
    """The report: what of each paper is reproduced, its figures, what is not, its errata."""
    sections = [Section("In short", [_counted(done)])]
    for paper in done.papers:
        lines = [line for line in done.lines if line.paper == paper.name]
        drawn = [figure for figure in done.figures if figure.paper == paper.name]
        sections.append(Section(paper.citation, list(_about(paper, lines, drawn, figures))))
    names = "" if len(done.papers) == len(papers()) else "".join(
        f" --paper {paper.name}" for paper in done.papers
    )  # fmt: skip
    repeat = Section(
        "How to repeat it", [Code(f"walras replicate{names}"), Facts(dict(versions()))]
    )
    return Document(
        "Replication of published results",
        "walras replicate",
        f"{in_words(done)} Simulated values are those where rounds came to rest, certified against"
        " the paper's definition of equilibrium, except where the claim is that rounds do not rest."
        " Where no value is simulated, that of the closed form, or worked out from what the paper"
        " prints, is compared.",
        [*sections, repeat],
    )


def in_words(done: Replication) -> str:
    """How many lines there are of each verdict, in a sentence."""
    counts, kinds = done.counts, Counter(line.kind for line in done.lines)
    words = {
        "reproduced": "reproduced", "reproduced with erratum": "reproduced with an erratum",
        "differs": "that differ",
    }  # fmt: skip
    parts = [f"{counts[name]} {text}" for name, text in words.items() if counts.get(name)]
    left, derived = kinds["left out"], kinds["derived"]
    compared = len(done.lines) - left
    said = f"Of {compared} numbers and statements ({compared - derived} that papers print, state or"
    said += f" draw, {derived} derived from their definitions) {', '.join(parts)}"
    return f"{said}; left out as not reproducible: {left}." if left else f"{said}."


def _counted(done: Replication) -> Block:
    rows = done.table.groupby(["paper", "verdict"], sort=False).size().unstack(fill_value=0)
    rows = rows.reindex([paper.name for paper in done.papers]).reset_index()
    rows.columns.name = None
    return Table(rows, "Numbers and statements by paper and verdict", ("paper",))


def _about(
    paper: Paper, lines: Sequence[Line], drawn: Sequence[Drawn], folder: Path
) -> Iterable[Block]:
    done = [line for line in lines if line.kind != "left out"]
    for place, group in groupby(done, key=lambda line: line.place):
        frame = pd.DataFrame([_cells(line) for line in group]).drop(columns="place")
        title = _capital(place)
        if frame["case"].nunique() == 1:
            title += f": {frame['case'].iloc[0]}"
            frame = frame.drop(columns="case")
        empty = [name for name in frame if (frame[name] == "").all()]
        yield Table(frame.drop(columns=empty), title, ("case", "quantity"))
    for figure in drawn:
        yield Picture(
            folder / figure.file,
            f"{_capital(figure.place)}; {figure.case}. {as_sentence(figure.caption)}",
            figure.alternative,
        )
    if paper.left_out:
        rows = [[left.place, left.what, left.why] for left in paper.left_out]
        frame = pd.DataFrame(rows, columns=["place", "what", "why"])
        yield Table(frame, "Not reproducible", ("place",))
    if paper.errata:
        yield Section("Errata", list(_errata(paper)))


def _errata(paper: Paper) -> Iterable[Block]:
    for erratum in paper.errata:
        facts = {"printed": erratum.printed, "right": erratum.right}
        facts |= {"test": erratum.test} if erratum.test else {}
        title = f"Erratum {erratum.number}: {erratum.place}"
        yield Section(title, [Facts(facts), Prose(erratum.derivation)])


def _cells(line: Line) -> dict[str, str]:
    """A line as text: numbers as far as the tolerance goes, statements as yes and no."""
    value = _yes_or_no if line.statement else _number
    return {
        "place": line.place,
        "case": line.case,
        "quantity": line.quantity.replace("_", " "),
        "verdict": _verdict(line),
        "published": value(line.published),
        "simulated": value(line.simulated),
        "closed form": value(line.closed_form),
        "difference": "" if line.statement else _short(line.difference),
        "tolerance": "" if line.statement else _short(line.tolerance),
        "certificate": line.certificate,
    }


def _verdict(line: Line) -> str:
    said = f"{line.verdict} {line.errata}" if line.verdict.endswith("erratum") else line.verdict
    return f"{said}: {line.why}" if line.why else said


def _number(value: float) -> str:
    return "" if value != value else f"{value:.10g}" if abs(value) >= SMALL else _short(value)


def _short(value: float) -> str:
    return "" if value != value else f"{value:.1e}" if value else "0"


def _yes_or_no(value: float) -> str:
    return "" if value != value else "yes" if value else "no"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


# ------------------------------------------------------------------ terminal
def show(done: Replication) -> None:
    """Print a table per paper: what is published at a place under its heading."""
    for paper in done.papers:
        out.rule(escape(paper.citation), align="left")
        lines = [line for line in done.lines if line.paper == paper.name]
        for (place, case), group in groupby(lines, key=lambda line: (line.place, line.case)):
            out.print(f"[bold]{escape(_capital(place))}[/bold]: {escape(case)}", highlight=False)
            rows = [_cells(line) for line in group]
            print_table(pd.DataFrame(rows)[list(SHOWN)])


def show_errata(of: Sequence[Paper]) -> None:
    """Print the errata of papers."""
    for paper in of:
        if paper.errata:
            out.print(f"[bold]{escape(paper.citation)}[/bold]\n", highlight=False)
        for erratum in paper.errata:
            out.print(_told(erratum), highlight=False, markup=False)


def _told(erratum: Erratum) -> str:
    return (
        f"Erratum {erratum.number}, {erratum.place}\n"
        f"  printed: {erratum.printed}\n  right:   {erratum.right}\n"
        f"  {erratum.derivation}\n" + (f"  test: tests/{erratum.test}\n" if erratum.test else "")
    )


@unstoppable()
def command(names: Sequence[str] | None, folder: Path, workers: int, *, quiet: bool) -> Replication:
    """Replicate papers as the command asks: with a progress bar, a table, and files.

    Raises
    ------
    Refused
        If there is no paper of a name, or the folder can't be written to.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    of = chosen(names)
    check_writable(folder.parent)
    columns = [TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
               TimeElapsedColumn()]  # fmt: skip
    silent = quiet or not err.is_terminal
    with Progress(*columns, console=err, transient=True, disable=silent) as bar:
        task = bar.add_task("claims", total=None)
        done = replicate(
            of, workers, lambda count, total: bar.update(task, completed=count, total=total)
        )
    if not quiet:
        show(done)
    out.print(in_words(done), highlight=False)
    if done.stopped is not None:  # a finished one is not replaced
        folder = folder.with_name(f"{folder.name}{UNFINISHED}")
    print_written(export(done, folder))
    if done.stopped is not None:
        done.stopped.add_note(f"what was measured so far is in {folder}")
        raise done.stopped
    return done
