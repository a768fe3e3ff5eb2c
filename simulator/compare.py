"""Two or more exported runs side by side: what differs in parameters, and in results."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from markets.refused import Refused
from simulator.export import REPORT
from simulator.exported import altered_files, read_manifest, read_table, runs_in

KEYS = ("case", "date", "quantity")

LONGEST = 60
"""Characters of a name that still fits beside a curve, and over a column."""


@dataclass(frozen=True)
class Comparison:
    """Runs side by side.

    Attributes
    ----------
    folders : tuple of str
        Folder of each run, with as much of the path as tells them apart.
    manifests : tuple of mappings
        Manifest of each run.
    dates : tuple of pandas.DataFrame
        Table of dates of each run.
    printed : tuple of pandas.DataFrame
        What each run printed beside its dates (``report.csv``), empty if nothing.
    """

    folders: tuple[str, ...]
    manifests: tuple[Mapping[str, Any], ...]
    dates: tuple[pd.DataFrame, ...]
    printed: tuple[pd.DataFrame, ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """What to call each run: what it was asked differently, if that is short; its folder."""
        said = [
            ", ".join(f"{key} {values[run]}" for key, values in self._asked.items() if values[run])
            for run in range(len(self.manifests))
        ]
        short = all(0 < len(text) <= LONGEST for text in said)
        return tuple(said) if short and len(set(said)) == len(said) else self.folders

    @cached_property
    def parameters(self) -> pd.DataFrame:
        """What was asked differently: a row per parameter that differs, a column per run."""
        rows = [[name, *values] for name, values in self._asked.items()]
        return pd.DataFrame(rows, columns=["parameter", *self.names])

    @cached_property
    def _asked(self) -> dict[str, list[str]]:
        """What each run was asked, by parameter that differs; empty where it has no such one."""
        asked = [
            {"scenario": m["scenario"], "seed": m["seed"], **m["parameters"]}
            for m in self.manifests
        ]
        known = dict.fromkeys(name for one in asked for name in one)
        said = {n: [json.dumps(one[n]) if n in one else "" for one in asked] for n in known}
        return {name: values for name, values in said.items() if len(set(values)) > 1}

    @cached_property
    def results(self) -> pd.DataFrame:
        """Every number of the tables of dates: a row per case, date and quantity.

        A column per run, and ``change:`` columns with what each has more than the first. Where
        every run has a single case, cases of different names are set side by side.
        """
        tall = []
        for name, table in zip(self.names, self._aligned, strict=True):
            numbers = [c for c in table if c not in KEYS and table[c].dtype.kind in "fiu"]
            melted = table.melt(["case", "date"], numbers, "quantity", name)
            tall.append(melted.set_index(list(KEYS))[name].astype(np.float64))
        order = list(dict.fromkeys(key for column in tall for key in column.index))
        wide = pd.concat(tall, axis=1).reindex(pd.MultiIndex.from_tuples(order, names=KEYS))
        for name in self.names[1:]:
            wide[f"change: {name}"] = wide[name] - wide[self.names[0]]
        place = {key: n for n, key in enumerate(dict.fromkeys(key[:2] for key in order))}
        return (
            wide.reset_index()
            .assign(place=lambda t: [place[k] for k in zip(t["case"], t["date"], strict=True)])
            .sort_values("place", kind="stable")
            .drop(columns="place")
            .reset_index(drop=True)
        )

    @property
    def _aligned(self) -> list[pd.DataFrame]:
        """The tables of dates; single cases have one name."""
        cases = [table["case"].unique().tolist() for table in self.dates]
        if any(len(names) != 1 for names in cases):
            return list(self.dates)
        name = " | ".join(dict.fromkeys(str(names[0]) for names in cases))
        return [table.assign(case=name) for table in self.dates]

    @property
    def quotes(self) -> pd.DataFrame:
        """The rows of the results that are quotes."""
        named = {name for m in self.manifests for date in m["dates"] for name in date["quotes"]}
        return self.results[self.results["quantity"].isin(named)].reset_index(drop=True)

    @property
    def last_quotes(self) -> pd.DataFrame:
        """Those of the last date of each case."""
        quotes = self.quotes
        last = quotes.groupby("case")["date"].transform("max")
        return quotes[quotes["date"] == last].reset_index(drop=True)

    @property
    def reports(self) -> pd.DataFrame:
        """What the runs printed beside their dates, one below the other; empty if it differs."""
        heads = {tuple(table.columns) for table in self.printed}
        if len(heads) > 1 or any(table.empty for table in self.printed):
            return pd.DataFrame()
        tables = dict(zip(self.names, self.printed, strict=True))
        return pd.concat(tables, names=["run"]).reset_index("run").reset_index(drop=True)

    @property
    def outcomes(self) -> pd.DataFrame:
        """How each run ended: folder, outcome, whether all dates are certified, dates, rounds."""
        return pd.DataFrame(
            {
                "run": self.names,
                "folder": self.folders,
                "outcome": [m["outcome"] for m in self.manifests],
                "certified": [bool(table["certified"].all()) for table in self.dates],
                "dates": [len(table) for table in self.dates],
                "rounds": [int(table["rounds"].sum()) for table in self.dates],
            }
        )


def compare(folders: Sequence[Path]) -> Comparison:
    """Read exported runs to compare.

    Parameters
    ----------
    folders : sequence of Path
        Exported runs, or folders of several.

    Raises
    ------
    Refused
        If there are fewer than two, one is named twice, is no exported run, or was altered.
    """
    folders = [run for folder in folders for run in runs_in(folder)]
    if len(folders) < 2:
        raise Refused(f"compare needs two exported runs or more; there is {len(folders)}")
    places = [folder.resolve() for folder in folders]
    for place, folder in zip(places, folders, strict=True):
        if places.count(place) > 1:
            raise Refused(f"{folder} is named twice; a run has nothing to compare with itself")
    manifests = [read_manifest(folder) for folder in folders]
    for folder, manifest in zip(folders, manifests, strict=True):
        altered = altered_files(folder, manifest)
        if altered:
            raise Refused(f"{folder} was altered ({altered[0]}); walras verify says how")
    dates = tuple(read_table(folder, "dates") for folder in folders)
    printed = tuple(
        read_table(folder, REPORT) if f"{REPORT}.parquet" in manifest["files"] else pd.DataFrame()
        for folder, manifest in zip(folders, manifests, strict=True)
    )
    return Comparison(_names(places), tuple(manifests), dates, printed)


def _names(places: Sequence[Path]) -> tuple[str, ...]:
    """Names of folders; with their paths below the common one if two have the same name."""
    names = [place.name for place in places]
    if len(set(names)) == len(names):
        return tuple(names)
    common = os.path.commonpath(places)
    return tuple(str(place.relative_to(common)) for place in places)
