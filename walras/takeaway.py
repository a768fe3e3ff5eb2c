"""What a reader takes away from the page: tables, the file that repeats it, and a link to it."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any
from urllib.parse import quote, urlencode

import pandas as pd

from markets.refused import Refused
from simulator.data_file import WHERE, data_files
from simulator.export import CSV_LIMIT, TABLES
from simulator.parameters import Parameters, parse, parse_assignment, to_toml
from simulator.run import Run
from walras.side_by_side import BESIDE
from walras.watched import Watched

ZIPPED = (1980, 1, 1, 0, 0, 0)
"""Time of writing inside an archive: none, so that the same market gives the same bytes."""


def run_of(watched: Watched) -> Run[Any]:
    """What was watched so far, as the run of one case whose parameters say what was announced."""
    economy, parameters = watched.economy, announced(watched)
    assert economy is not None
    rounds = watched.now.rounds
    case = pd.Series(watched.case, index=rounds.index, name="case")
    return Run(
        title=watched.what.title,
        parameters=parameters,
        seed=watched.seed,
        ends=tuple(watched.ends),
        rounds=pd.concat([case, rounds], axis=1),
        columns=economy.columns,
        scenario=watched.what,
    )


def announced(watched: Watched) -> Parameters:
    """Parameters of a run that announces what was announced so far, and no more.

    Where a term is not listed date by date, a run goes on to the dates that it declares.
    """
    parameters, control = watched.parameters, watched.announcement
    assert parameters is not None
    if control is None:
        return parameters
    so_far = list(getattr(parameters, control.parameter))[: watched.date]
    told: Parameters = parse(type(parameters), dict(parameters) | {control.parameter: so_far})
    return told


def toml(watched: Watched) -> str:
    """The file with which ``walras run`` repeats what was watched."""
    parameters, own = announced(watched), watched.what.file
    cases = [case.name for case in watched.what.cases(parameters)]
    command = f"walras run {file_name(watched)}.toml"
    if own is not None:
        command += f" --scenario {own.name}"
    lines = [
        f"what a page of walras showed: {watched.case}, date {watched.date}",
        f"repeat it with: {command} --seed {watched.seed}",
    ]
    if len(cases) > 1:
        lines.append(f"a run has every case: {'; '.join(cases)}")
    if len(cases) > 1 and parameters.start == "random" and watched.case != cases[0]:
        lines.append("each case of it draws other first quotes than its page")
    if watched.early:
        dates = ", ".join(str(date) for date in watched.early)
        lines.append(f"announced before the markets rested, for which a run waits: date {dates}")
    return "".join(f"# {line}\n" for line in lines) + to_toml(watched.what.name, parameters)


def tables(watched: Watched) -> bytes:
    """A ZIP archive of the tables of the run so far, with what repeats it.

    The tables ``rounds``, ``dates`` and ``agents`` are those that ``walras run`` exports;
    ``certificates`` has every condition at every date that ended. Beside them are the file of
    parameters and the data files that it names.
    """
    run = run_of(watched)
    found: dict[str, pd.DataFrame] = {name: getattr(run, name) for name in TABLES}
    if len(found["agents"]) > CSV_LIMIT:
        found["agents"] = run.ends[-1].point.agents.iloc[:CSV_LIMIT]
    proofs = [end.certificate.table() for end in run.ends]
    for end, table in zip(run.ends, proofs, strict=True):
        table.insert(0, "date", end.point.date)
    found["certificates"] = pd.concat(proofs, ignore_index=True) if proofs else pd.DataFrame()
    texts = {f"{name}.csv": table.to_csv(index=False) for name, table in found.items()}
    files: dict[str, str | bytes] = {f"{file_name(watched)}.toml": toml(watched), **texts}
    files |= {file.path.name: file.path.read_bytes() for file in data_files(run.parameters)}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, ZIPPED), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def file_name(watched: Watched) -> str:
    """Name of what is downloaded, without the ending."""
    return f"{watched.what.name}-date-{watched.date}"


def link(watched: Watched, beside: str = "") -> str:
    """Query of an address that opens the same market, with what was announced as planned dates.

    ``beside`` are the settings of a market beside it.
    """
    parameters = watched.parameters
    assert parameters is not None
    given = parameters.model_dump(mode="json", exclude_defaults=True, context={WHERE: True})
    settings = {"scenario": watched.what.name, "seed": str(watched.seed)}
    if len(watched.cases) > 1:
        settings["case"] = watched.case
    settings |= {name: _written(name, value) for name, value in given.items()}
    if beside:
        settings[BESIDE] = beside
    return "?" + urlencode(settings, quote_via=quote)


def read(name: str, text: str) -> Any:
    """A value of a link: JSON, or what ``--set`` reads.

    Raises
    ------
    Refused
        If it is neither.
    """
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return parse_assignment(f"{name}={text}")[1]


def _refuse_constant(word: str) -> None:
    raise ValueError(word)


def _written(name: str, value: Any) -> str:
    """A value in a link: words as they are unless they would be read as something else."""
    try:
        plain = isinstance(value, str) and read(name, value) == value
    except Refused:
        plain = False
    return str(value) if plain else json.dumps(value)
