"""A report on an exported run, from its folder alone: nothing is simulated, no code is executed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import pandas as pd

from simulator.certificate import Certificate
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
    as_text,
)
from simulator.document.files import write, write_one
from simulator.export import REPORT, check_writable
from simulator.exported import altered_files, read_manifest, read_picture, read_table, read_text
from simulator.outcome import Outcome
from simulator.results import EQUILIBRIA, beside_closed_form
from simulator.title import COMPOSED

MOST_ROWS: Final = 20
"""Rows of a table that are shown; the whole table is in the folder of the run."""

NOT_TOLD: Final = ("closed_", "difference_", "lowest_", "highest_")
"""Columns of the table of dates that stand beside quotes, by how their names begin."""

MOST_COLUMNS: Final = 12
"""Columns of the table of dates up to which all are shown, beside quotes."""

PLACES: Final = ("case", "date")
ENDINGS: Final = ("rounds", "outcome", "certified")
"""Columns of the table of dates that are shown of every run, around those of its headline."""

BOOKKEEPING: Final = ("evaluations", "knew")
"""Columns of the table of dates about how the quotes were searched for."""


def run_report(folder: Path) -> tuple[Document, tuple[str, ...]]:
    """The report on an exported run.

    1. Compare the files with the manifest, as ``walras verify`` does; altered files are named at
       the beginning of the report.
    2. Read question, parameters, result and captions from the manifest, numbers from the tables,
       figures from their files.

    Parameters
    ----------
    folder : pathlib.Path
        An exported run.

    Returns
    -------
    document : Document
        The report.
    altered : tuple of str
        Files that are not what the manifest says, and how.

    Raises
    ------
    Refused
        If the folder is no exported run, or its manifest does not tell what a report needs.
    """
    manifest = read_manifest(folder)
    altered = altered_files(folder, manifest)
    told = manifest["told"]
    sections = [
        Section("Question", list(_question(manifest))),
        Section("Result", list(_result(folder, manifest))),
        Section("Figures", list(_figures(folder, told["figures"]))),
        Section("Parameters", list(_parameters(manifest))),
        Section("Certificate", list(_certificate(manifest))),
        Section("How to repeat it", list(_repeat(folder, manifest))),
        Section("How to cite it", list(_cite(manifest))),
    ]
    if altered:
        warning = Prose(
            "These files are not those that were exported. What follows is what they say now; it"
            " is not what the run found."
        )
        found = Table(pd.DataFrame({"file": altered}), "Altered after the export")
        sections.insert(0, Section("Altered files", [warning, found]))
    document = Document(
        title=f"{manifest['scenario']}: report of a run",
        subtitle=told["source"],
        summary=("Files of this run were altered after its export. " if altered else "")
        + _in_short(manifest),
        sections=sections,
    )
    return document, altered


def write_report(document: Document, name: str, to: Path) -> tuple[Path, ...]:
    """Write a report to a file that ends in ``.html`` or ``.pdf``, or both to a folder.

    Parameters
    ----------
    document : Document
        The report.
    name : str
        Name of the files in a folder, without their ending.
    to : pathlib.Path
        The file, or the folder.

    Raises
    ------
    Refused
        If it can't be written to.
    """
    if to.suffix in (".html", ".pdf"):
        check_writable(to.parent)
        write_one(document, to)
        return (to,)
    check_writable(to)
    return write(document, to, name)


def _in_short(manifest: Mapping[str, Any]) -> str:
    """How the run ended, and what it found."""
    if manifest["outcome"] == Outcome.CLEARED:
        cleared = "Every market cleared at every date, and every date is certified."
        return " ".join([cleared, *_found(manifest["told"])])
    return f"This run did not end in a certified equilibrium: {manifest['outcome']}."


def _found(told: Mapping[str, Any]) -> Iterator[str]:
    """The result in words, unless the scenario has none but its question."""
    if told["result"] not in ("", told["question"]):
        yield as_sentence(told["result"])


def _question(manifest: Mapping[str, Any]) -> Iterator[Block]:
    told = manifest["told"]
    yield Prose(as_sentence(told["question"]))
    yield Facts(
        {
            "scenario": manifest["scenario"],
            "seed": manifest["seed"],
            "dates": len(manifest["dates"]),
            "rounds": manifest["rounds"],
        }
    )


def _result(folder: Path, manifest: Mapping[str, Any]) -> Iterator[Block]:
    told, dates = manifest["told"], manifest["dates"]
    yield from map(Prose, _found(told))
    certified = sum(bool(date["certified"]) for date in dates)
    yield Facts(
        {"outcome": manifest["outcome"], "certified": f"{certified} of {len(dates)} dates"}
        | ({"reason": manifest["reason"]} if manifest["reason"] else {})
        | ({} if manifest["outcome"] == Outcome.CLEARED else {"what to try": manifest["advice"]})
    )
    if not dates:
        return
    named = ("case", "date", "quotes", "closed_form", "certified")
    quotes = beside_closed_form(
        (tuple(date[name] for name in named) for date in dates), told["units"]
    )
    known = quotes.dropna(subset="closed_form")
    if len(known):
        far = max(known.to_dict("records"), key=lambda row: abs(row["difference"]))
        yield Prose(
            "Where there is a closed form, the simulated quotes "
            + (
                f"differ from it by at most {abs(far['difference']):.2g}"
                f" ({far['quote']}, {far['case']}, date {far['date']})."
                if far["difference"]
                else "are equal to it."
            )
        )
    else:
        yield Prose("There is no closed form of the quotes at these parameters.")
    yield from _table(quotes, "Quotes", "dates.csv", PLACES)
    yield from _table(
        _described(folder, manifest), "What each date tells, in short", "dates.csv", PLACES
    )
    for name in (REPORT, EQUILIBRIA):
        if f"{name}.parquet" in manifest["files"]:
            table = read_table(folder, name)
            title = (
                "Equilibria found from several starts"
                if name == EQUILIBRIA
                else "What the run reports"
            )
            yield from _table(table, title, f"{name}.csv", ())
    if told["caution"]:
        yield Prose(told["caution"])


def _described(folder: Path, manifest: Mapping[str, Any]) -> pd.DataFrame:
    """What the table of dates tells beside quotes; of many columns those of the headline."""
    dates = read_table(folder, "dates")
    quotes = {name for date in manifest["dates"] for name in date["quotes"]}
    known = [
        str(name)
        for name in dates
        if name not in {*quotes, *BOOKKEEPING} and not str(name).startswith(NOT_TOLD)
    ]
    headline = manifest["told"]["headline"]
    if headline and len(known) > MOST_COLUMNS:
        known = [name for name in known if name in {*PLACES, *headline, *ENDINGS}]
    return dates[known]


def _figures(folder: Path, figures: Mapping[str, Mapping[str, str]]) -> Iterator[Block]:
    files = {name: read_picture(folder, name) for name in figures}
    shown = {name: file for name, file in files.items() if file is not None}
    if not shown:
        yield Prose("The run was exported without figures.")
    for number, (name, file) in enumerate(shown.items(), start=1):
        said = figures[name]
        caption = f"Figure {number}. {as_sentence(said['caption'])}"
        yield Picture(file, caption, said["alternative"])


def _parameters(manifest: Mapping[str, Any]) -> Iterator[Block]:
    rows = pd.DataFrame(
        [
            {
                "name": item["name"],
                "value": _value(manifest["parameters"][item["name"]]),
                "default": _value(item["default"]),
                "unit": item["unit"],
                "meaning": item["meaning"],
            }
            for item in manifest["told"]["parameters"]
        ],
        columns=["name", "value", "default", "unit", "meaning"],
    )
    differs = pd.Series([item["differs"] for item in manifest["told"]["parameters"]], dtype=bool)
    if differs.any():
        yield Table(rows[differs], "Parameters that differ from their defaults", keys=("name",))
    else:
        yield Prose("Every parameter has its default.")
    if not differs.all():
        yield Table(rows[~differs].drop(columns="default"), "At their defaults", keys=("name",))


def _value(value: object) -> str:
    """A parameter's value, short."""
    if value is None:
        return "not given"
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_value(part)}" for name, part in value.items()) or "none"
    if isinstance(value, list):
        return ", ".join(map(_value, value)) or "none"
    return str(value).lower() if isinstance(value, bool) else as_text(value)


def _certificate(manifest: Mapping[str, Any]) -> Iterator[Block]:
    dates = manifest["dates"]
    certificates = [Certificate.from_json(date["certificate"]) for date in dates]
    worst = Certificate.worst_of(certificates)
    yield Prose(
        "Each line is a condition of equilibrium, checked where the rounds ended, from quotes and"
        " holdings alone, by code that shares nothing with the code that traded; only lines that"
        ' begin with "charged" or "redundant market" are worked out by the clearing house, from'
        " the orders it netted. A condition holds if its residual, the largest violation, is at"
        " most its tolerance. Of several dates the line shows the one at which it holds least well."
    )
    if worst.conditions:
        lines = worst.lines()
        lines["checked"] += [_where(c.name, dates, certificates) for c in worst.conditions]
        yield Table(lines, "The certificate", keys=("condition",))
    else:
        yield Prose("There is no certificate: no date came to its end.")
    if not manifest["complete"]:
        yield Prose(
            "The run was exported with some of its traders only: walras verify can't check the"
            " conditions that add up over all traders again."
        )


def _where(name: str, dates: list[dict[str, Any]], certificates: list[Certificate]) -> str:
    """Case and date at which a condition holds least well; empty if there is only one."""
    if len(dates) == 1:
        return ""
    found = [
        (certificate[name].strain, -place)
        for place, certificate in enumerate(certificates)
        if any(condition.name == name for condition in certificate.conditions)
    ]
    worst = dates[-max(found)[1]]
    return f" ({worst['case']}, date {worst['date']})"


def _repeat(folder: Path, manifest: Mapping[str, Any]) -> Iterator[Block]:
    composed = manifest["scenario"] == COMPOSED.name
    if composed:
        yield Prose(as_sentence(manifest["repeat"]))
    else:
        yield Prose(
            "In the folder of the run. The first command checks its files; the second, with the"
            " versions below, makes the same tables again, byte for byte, in a folder beside it."
        )
        yield Code(f"walras verify .\n{manifest['repeat']} --out ../repeated")
    parameters = read_text(folder, "parameters.toml")
    if parameters and not composed:
        yield Prose("The file parameters.toml:")
        yield Code(parameters.strip())
    known = {name: version for name, version in manifest["versions"].items() if version}
    yield Facts(known | {"revision": manifest["revision"] or "not from a checkout"})


def _cite(manifest: Mapping[str, Any]) -> Iterator[Block]:
    source = manifest["told"]["source"]
    yield Prose("If you use walras, please cite it and the source of the economy that you run.")
    yield Code(citation(str(manifest["versions"]["walras"])))
    if manifest["scenario"] != COMPOSED.name:
        yield Code(_bibtex("misc", str(manifest["scenario"]), {"howpublished": source}))


def citation(version: str) -> str:
    """How to cite a version of walras, as BibTeX."""
    package = metadata.metadata("walras")
    fields = {
        "author": f"{{{package['Author']}}}",
        "title": f"{package['Name']}: {package['Summary'][:1].lower()}{package['Summary'][1:]}",
        "version": version,
    }
    return _bibtex("software", "walras", fields)


def _bibtex(kind: str, key: str, fields: Mapping[str, str]) -> str:
    marks = str.maketrans({mark: f"\\{mark}" for mark in "&%#_$"})
    lines = [f"  {name} = {{{text.translate(marks)}}}," for name, text in fields.items()]
    return "\n".join([f"@{kind}{{{key},", *lines, "}"])


def _table(frame: pd.DataFrame, title: str, file: str, keys: tuple[str, ...]) -> Iterator[Table]:
    """A table, or its last rows if it is long."""
    if len(frame):
        left = f" (the last {MOST_ROWS} of {len(frame)} rows; all are in {file})"
        long = len(frame) > MOST_ROWS
        yield Table(frame.tail(MOST_ROWS), title + left * long, keys=keys)
