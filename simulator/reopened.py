"""An exported run as it was when it was run, from its folder alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from markets.quote import Quote
from markets.refused import Refused
from simulator.analysis import read_codebook
from simulator.certificate import Certificate
from simulator.codebook import Columns
from simulator.declared import Declared
from simulator.knowledge import Knowledge
from simulator.outcome import Outcome
from simulator.parameters import parse
from simulator.point import DateEnd, RestingPoint
from simulator.run import Run
from simulator.title import COMPOSED
from simulator.verify import altered_files, read_manifest, read_proofs, read_table

NOT_DESCRIBED = (
    "case",
    "date",
    "rounds",
    "evaluations",
    "knew",
    "outcome",
    "certified",
    "reason",
    "quotes",
    "closed_form",
    "intervals",
    "certificate",
)
"""What the manifest tells of a date beside what the scenario describes."""


def reopen(
    folder: Path, find: Callable[[str], Declared[Any]], code: Collection[Path] = ()
) -> Run[Any]:
    """Read an exported run back: tables, ends of dates, certificates and studies.

    Nothing is simulated, and nothing is certified again (``walras verify`` does that).

    Parameters
    ----------
    folder : pathlib.Path
        An exported run.
    find : callable
        The scenario of a name; refuses one that it does not know.
    code : collection of Path
        Files that may be executed if the run's parameters name them.

    Raises
    ------
    Refused
        If the folder is no exported run, was altered, was stopped before its end, or holds an
        economy that was composed in Python.
    """
    manifest = read_manifest(folder)
    altered = altered_files(folder, manifest)
    if altered:
        raise Refused(f"{folder} was altered ({altered[0]}); walras verify says how")
    if manifest["scenario"] == COMPOSED.name:
        raise Refused(
            f"{folder} holds an economy that was composed in Python; draw its figures there"
        )
    if not manifest["finished"]:
        raise Refused(f"{folder} holds a run that was stopped before its end; run it again")
    scenario = find(str(manifest["scenario"]))
    parameters = parse(scenario.parameters, manifest["parameters"], folder, code, to_run=False)
    tables = {name: read_table(folder, name) for name in ("rounds", "dates", "agents")}
    told = manifest["dates"]
    proofs = read_proofs(folder, len(told))
    rows = tables["dates"].to_dict("records")
    ends = tuple(
        _end(row, one, tables["agents"], proof, complete=bool(manifest["complete"]))
        for row, one, proof in zip(rows, told, proofs, strict=True)
    )
    book = read_codebook(folder)
    quoted = book[(book["table"] == "rounds") & (book["source"] == "quote")]
    quotes = [Quote(r["column"], r["unit"], r["meaning"]) for r in quoted.to_dict("records")]
    return Run(
        title=scenario.title,
        parameters=parameters,
        seed=int(manifest["seed"]),
        ends=ends,
        rounds=tables["rounds"],
        studies={
            name: read_table(folder, name)
            for name in manifest["studies"]
            if (folder / f"{name}.parquet").is_file()
        },
        columns=Columns(tuple(quotes)),
        scenario=scenario,
    )


def _end(
    row: Mapping[Any, Any],
    told: Mapping[str, Any],
    agents: pd.DataFrame,
    proof: Any,
    *,
    complete: bool,
) -> DateEnd:
    """How a date ended, from its row in the table of dates and what the manifest tells of it."""
    here = pd.DataFrame()
    if len(agents):
        here = agents[(agents["case"] == row["case"]) & (agents["date"] == row["date"])]
        here = here.dropna(axis=1, how="all").reset_index(drop=True)
    point = RestingPoint(
        case=str(row["case"]),
        date=int(row["date"]),
        quotes={name: float(row[name]) for name in told["quotes"]},
        agents=here,
        complete=complete,
        proof=proof,
    )
    described = {
        name: row[name] if name in row else _with_gaps(value)
        for name, value in told.items()
        if name not in NOT_DESCRIBED
    }
    return DateEnd(
        point=point,
        outcome=Outcome(told["outcome"]),
        reason=told["reason"],
        certificate=Certificate.from_json(told["certificate"]),
        closed_form=told["closed_form"] or {},
        described=described,
        rounds=int(row["rounds"]),
        evaluations=int(row["evaluations"]),
        knew=Knowledge(told["knew"]),
        intervals={
            name: (float(row[f"lowest_{name}"]), float(row[f"highest_{name}"]))
            for name in told["intervals"]
        },
    )


def _with_gaps(value: Any) -> Any:
    """A value of JSON in which what is null is no number."""
    if isinstance(value, dict):
        return {name: _with_gaps(part) for name, part in value.items()}
    return math.nan if value is None else value
