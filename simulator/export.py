"""Writing a run to a folder, all of it or nothing."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from markets.refused import Refused
from simulator.code_file import CodeFile
from simulator.codebook import codebook
from simulator.data_file import data_files
from simulator.declared import Declared
from simulator.hidden_folder import hidden_folder
from simulator.new_folder import new_folder
from simulator.palette import PRINT_DOTS_PER_INCH, file_of, styled
from simulator.parameters import to_toml
from simulator.results import P, Results
from simulator.table_formats import write_parquet
from simulator.threads import one_thread
from simulator.title import COMPOSED
from simulator.told import told
from simulator.versions import versions

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MANIFEST = "manifest.json"
TABLES = ("rounds", "dates", "agents")
PROOFS = "proofs.json"
CODEBOOK = "codebook.csv"
REPORT = "report"
CSV_LIMIT = 100_000
"""Rows of the table of agents above which it is written as Parquet only."""

UNFINISHED = "-unfinished"
"""How the folder of a run ends that was stopped: it never replaces that of a finished one."""

FORMAT = 3
"""Version of the layout of an exported folder."""


def check_writable(folder: Path) -> None:
    """Refuse a folder that can't be written to, before any work is done.

    Raises
    ------
    Refused
        Naming the folder and what is wrong with it. Nothing is left behind; what killed writers
        left there is removed.
    """
    try:
        if folder.exists() and not folder.is_dir():
            raise Refused(f"out is {folder}, which is a file; it must be a folder")
        with hidden_folder(folder):
            pass
    except OSError as error:
        raise Refused(
            f"out is {folder}, which can't be written to ({error.strerror});"
            " it must be a folder that you may write to"
        ) from error


@dataclass(frozen=True, slots=True)
class Format:
    """How figures are written.

    Attributes
    ----------
    kinds : tuple of str
        Any of ``png``, ``svg`` and ``pdf``.
    dpi : float
        Dots per inch of PNG files, at the size at which figures are laid out: a figure of 12 inches
        has 2160 pixels across at 180, print resolution (300) on a page 180 mm wide.
    width : float, optional
        Width in millimetres for which every figure is laid out anew, with text of fixed size; its
        own unless given.
    """

    kinds: tuple[str, ...] = ("png", "svg", "pdf")
    dpi: float = PRINT_DOTS_PER_INCH
    width: float | None = None


SCREEN = Format()
"""As figures are laid out, at print resolution."""


def name_of(run: Results[P]) -> str:
    """Folder name of a run: the scenario and a digest of parameters, data files and seed."""
    files = {file.path.name: digest(file.path) for file in data_files(run.parameters)}
    parts = [run.parameters.model_dump(mode="json"), run.seed, *([files] if files else [])]
    identity = json.dumps(parts, sort_keys=True)
    return f"{run.title.name}-{hashlib.sha256(identity.encode()).hexdigest()[:8]}"


@one_thread()
def export(
    run: Results[P], scenario: Declared[P], folder: Path, figures: Format | None = SCREEN
) -> Path:
    """Write a run to a folder of its own inside ``folder``.

    Everything is written to a hidden folder in the same place and renamed at the end, see
    :func:`simulator.new_folder.new_folder`.

    Parameters
    ----------
    run : Results
        What to write.
    scenario : Declared
        The scenario, for its figures and tables; of a run that was stopped before its end those
        are left out.
    folder : pathlib.Path
        Where to put the run's own folder.
    figures : Format, optional
        How to write figures; None for none.

    Returns
    -------
    pathlib.Path
        The folder written, ``<scenario>-<digest>``; of a run that was stopped before its end
        ``<scenario>-<digest>-unfinished``.
    """
    check_writable(folder)
    target = folder / (name_of(run) + ("" if run.error is None else UNFINISHED))
    with new_folder(target) as fresh:
        tables: dict[str, pd.DataFrame] = {name: getattr(run, name) for name in TABLES}
        _write_proofs(run, fresh)
        text = to_toml(run.title.name, run.parameters)
        (fresh / "parameters.toml").write_text(text, encoding="utf-8")
        defect: Exception | None = None
        result, drawn = "", dict[str, "Figure"]()
        pictures = dict[str, bytes]()
        if run.finished and len(run.agents):
            try:
                tables |= further_tables(run, scenario)
                result = scenario.summary(run)
                if figures is not None:
                    drawn, pictures = _figures(run, scenario, figures)
            except Exception as error:  # noqa: BLE001 - raised when the record is safe
                defect = error
        for name, content in pictures.items():
            (fresh / name).write_bytes(content)
        book = codebook(tables, run.columns, scenario.variables)
        _write_tables(tables, book, fresh)
        book.to_csv(fresh / CODEBOOK, index=False)
        if scenario.file is not None:
            shutil.copyfile(scenario.file, fresh / scenario.file.name)
        for file in data_files(run.parameters):
            shutil.copyfile(file.path, fresh / file.path.name)
        finished = run.finished and defect is None
        tells = told(run, scenario, result, drawn)
        _write_manifest(run, fresh, scenario.file, tells, figures, finished=finished)
    if defect is not None:
        defect.add_note(f"the record is in {target}")
        raise defect
    return target


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def seal(manifest: dict[str, Any]) -> str:
    """SHA-256 of a manifest's content, its own seal left out."""
    content = {key: value for key, value in manifest.items() if key != "seal"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def further_tables(run: Results[P], scenario: Declared[P]) -> dict[str, pd.DataFrame]:
    """The scenario's tables beside rounds, dates and agents; one without any rows is left out."""
    report = scenario.report(run)
    tables = {**scenario.tables(run), **run.studies}
    every = {**tables, **({} if report is None else {REPORT: report})}
    return {name: table for name, table in every.items() if len(table)}


def _write_tables(tables: Mapping[str, pd.DataFrame], book: pd.DataFrame, folder: Path) -> None:
    for name, table in tables.items():
        write_parquet(table, book[book["table"] == name], folder / f"{name}.parquet")
        if name != "agents" or len(table) <= CSV_LIMIT:
            table.to_csv(folder / f"{name}.csv", index=False)


def _write_proofs(run: Results[P], folder: Path) -> None:
    """Proofs in the order of the dates, if there are any."""
    if any(proof is not None for proof in run.proofs):
        text = json.dumps(list(run.proofs), indent=1, allow_nan=False)
        (folder / PROOFS).write_text(text + "\n", encoding="utf-8")


def _figures(
    run: Results[P], scenario: Declared[P], form: Format
) -> tuple[dict[str, Figure], dict[str, bytes]]:
    """The scenario's figures, and the files that show them."""
    with styled():
        figures = dict(scenario.all_figures(run))
        files = [_files_of(name, figure, form) for name, figure in figures.items()]
    return figures, {name: content for file in files for name, content in file.items()}


def save_figure(figure: Figure, stem: Path, form: Format) -> None:
    """Write a figure in every kind of file, without the time of writing.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure, scaled if the format asks for a width.
    stem : pathlib.Path
        Where to write, without the ending.
    form : Format
        Kinds, resolution and width.
    """
    for name, content in _files_of(stem.name, figure, form).items():
        stem.with_name(name).write_bytes(content)


def _files_of(name: str, figure: Figure, form: Format) -> dict[str, bytes]:
    """A figure as a file of every kind, by the name of the file."""
    if form.width is not None:
        from simulator.column_figure import fitted

        fitted(figure, form.width)
    return {f"{name}.{kind}": file_of(figure, kind, form.dpi) for kind in form.kinds}


def _write_manifest(
    run: Results[P],
    folder: Path,
    source: Path | None,
    tells: dict[str, Any],
    figures: Format | None,
    *,
    finished: bool,
) -> None:
    manifest = {
        "format": FORMAT,
        **run.to_json(),
        "complete": run.complete,
        "finished": finished,
        "rows": {name: len(getattr(run, name)) for name in TABLES},
        "asked": {**asdict(run.asked), "figures": None if figures is None else asdict(figures)},
        "repeat": _repeat(run, source),
        "told": tells,
        "versions": versions(),
        "revision": _revision(),
        "files": {path.name: digest(path) for path in sorted(folder.iterdir())},
    }
    manifest["seal"] = seal(manifest)
    text = json.dumps(manifest, indent=2, allow_nan=False)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def _repeat(run: Results[P], source: Path | None) -> str:
    """How to repeat a run from its folder: a command, which names the user's own code, if any."""
    if run.title is COMPOSED:
        return "run the program again that composed it"
    own = "" if source is None else f" --scenario {source.name}"
    for file in data_files(run.parameters):
        own += f" --code {file.path.name}" if isinstance(file, CodeFile) else ""
    own += f" --seed {run.seed}" + ("" if run.asked.studies else " --no-studies")
    own += f" --starts {run.asked.starts}" if run.asked.starts > 1 else ""
    return f"walras run parameters.toml{own}"


def _revision() -> str | None:
    """Commit of the checkout that this package runs from, if it is one."""
    here = Path(__file__).resolve().parent.parent
    git = shutil.which("git")
    if git is None or not (here / ".git").exists():
        return None
    described = subprocess.run(  # noqa: S603 - fixed words, no shell
        [git, "-C", str(here), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"],
        capture_output=True,
        text=True,
        check=False,
    )
    return described.stdout.strip() or None
