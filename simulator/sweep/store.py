"""The folder of a sweep: what is done, kept so that nothing is lost whenever it ends."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import feather

from simulator.outcome import Outcome
from simulator.stopping import unstoppable
from simulator.sweep.one_run import MEMBERS, ROUNDS, Finished
from simulator.sweep.plan import Plan
from simulator.sweep.table import conform, joined, tabulate, untabulated, write
from simulator.sweep.values import as_cell
from simulator.sweep.whole_file import UNFINISHED, on_disk, write_whole

PART = {False: 1_000, True: 50}
"""Runs in one file of each table, without and with a table of members."""

NOTHING = pa.table({})
"""Rounds or members of a run that had none: it was refused, or its worker was killed."""

DATES, SECONDS = "dates", "seconds"
PENDING, EARLIER, MOVING = "pending", "earlier", "moving"
TABLES = (ROUNDS, MEMBERS, SECONDS, DATES)
"""Tables that are kept; a part is done when it has the last of them."""


class Store:
    """What is done of a sweep, on disk.

    ``dates``, ``seconds`` and, if asked for, ``rounds`` and ``members`` are folders with a Parquet
    file for every so many runs of the plan, its parts. Runs of a part that is not complete wait in
    ``pending``. When the plan grows, everything is set aside in ``earlier`` and sorted in anew.
    Every file is written under another name first, then renamed: none is ever half-written.

    Parameters
    ----------
    folder : Path
        Where.
    plan : Plan
        What is to be run.
    tables : sequence of str
        Which of ``rounds`` and ``members`` are kept.
    """

    def __init__(self, folder: Path, plan: Plan, tables: Sequence[str]) -> None:
        self.folder, self.plan = folder, plan
        self.tables = [*tables, SECONDS, DATES]
        self.size = PART[MEMBERS in tables]
        self.counts: Counter[str] = Counter()
        self.done = np.zeros(len(plan), dtype=np.bool_)
        self._earlier: dict[str, Path] = {}
        self._read = lru_cache(maxsize=8)(_source)
        for mark in (folder / EARLIER).glob(f"*/{MOVING}"):
            _move(folder, mark)
        for hidden in folder.rglob(f"{UNFINISHED}*"):
            hidden.unlink()
        self._find()
        self._kept = sum(1 for _ in (folder / PENDING).rglob("*.json"))

    @property
    def parts(self) -> int:
        """Number of files of each table."""
        return -(-len(self.plan) // self.size)

    @property
    def whole(self) -> bool:
        """Whether all tables are there, and nothing else is."""
        on_the_way = any((self.folder / name).exists() for name in (PENDING, EARLIER))
        parts = range(self.parts)
        return not on_the_way and all(self._path(DATES, part).exists() for part in parts)

    # ------------------------------------------------------------------ what is done
    def rows(self, place: int) -> list[dict[str, dict[str, Any]]]:
        """The rows of a run that is done."""
        key = self.plan.run(place).key
        for source in [*self._present(place // self.size), self._earlier.get(key)]:
            if source is not None and key in (found := self._read(source)):
                return found[key]["rows"]  # type: ignore[no-any-return]
        raise KeyError(key)

    @unstoppable()
    def keep(self, place: int, finished: Sequence[Finished]) -> None:
        """Keep runs that are done, of consecutive places; write each part that is complete.

        Raises
        ------
        Refused
            If they can't be written; what was kept before is not touched.
        """
        with on_disk(self.folder):
            first = 0
            while first < len(finished):
                part = (place + first) // self.size
                last = min(len(finished), (part + 1) * self.size - place)
                self._keep(part, finished[first:last])
                self.done[place + first : place + last] = True
                self.counts.update(done.outcome for done in finished[first:last])
                if self.done[self._slice(part)].all():
                    self._write(part)
                first = last

    @unstoppable()
    def finish(self) -> None:
        """Give all parts of a table the same columns, and remove what was only on the way.

        Raises
        ------
        Refused
            If that can't be written.
        """
        with on_disk(self.folder):
            for part in range(self.parts):
                if not self._path(DATES, part).exists():
                    self._write(part)
            for name in self.tables:
                paths = [self._path(name, part) for part in range(self.parts)]
                schemas = [pq.read_schema(path) for path in paths]
                schema = joined(schemas)
                for path, own in zip(paths, schemas, strict=True):
                    if not own.equals(schema, check_metadata=True):
                        write(conform(pq.read_table(path), schema), path)
            for name in (PENDING, EARLIER):
                shutil.rmtree(self.folder / name, ignore_errors=True)

    # ------------------------------------------------------------------ inner workings
    def _slice(self, part: int) -> slice:
        return slice(part * self.size, min((part + 1) * self.size, len(self.plan)))

    def _path(self, table: str, part: int) -> Path:
        return self.folder / table / f"part-{part:05d}.parquet"

    def _present(self, part: int) -> list[Path]:
        """The files that hold runs of a part."""
        path = self._path(DATES, part)
        return [path] if path.exists() else self._waiting(part)

    def _waiting(self, part: int) -> list[Path]:
        return sorted((self.folder / PENDING / f"part-{part:05d}").glob("*.json"))

    def _find(self) -> None:
        """Look for what is done: in parts, waiting for them, and set aside."""
        aside = self.folder / EARLIER
        earlier = [*aside.glob(f"*/{DATES}/*.parquet"), *aside.glob(f"*/{PENDING}/*/*.json")]
        present = [path for part in range(self.parts) for path in self._present(part)]
        if not earlier and not present:
            return
        places = {self.plan.run(place).key: place for place in range(len(self.plan))}
        for path in [*sorted(earlier), *present]:
            outcomes = _outcomes(path)
            if aside in path.parents:
                self._earlier |= dict.fromkeys(outcomes, path)
            for key, outcome in outcomes.items():
                place = places.get(key)
                if place is not None and not self.done[place]:
                    self.done[place] = True
                    self.counts[outcome] += 1

    def _keep(self, part: int, finished: Sequence[Finished]) -> None:
        folder = self.folder / PENDING / f"part-{part:05d}"
        folder.mkdir(parents=True, exist_ok=True)
        while (path := folder / f"{self._kept:08d}.json").exists():
            self._kept += 1
        for name in self.tables[:-2]:
            kept = [_named(done.key, done.tables.get(name, NOTHING)) for done in finished]
            table = _stacked(kept)
            write_whole(path.with_suffix(f".{name}"), partial(feather.write_feather, table))
        said = [
            {"run": d.key, "outcome": d.outcome, "seconds": d.seconds, "rows": d.rows}
            for d in finished
        ]
        write_whole(path, lambda f: f.write(json.dumps(said).encode()))
        self._kept += 1

    def _write(self, part: int) -> None:
        """Write the files of a part whose runs are all done."""
        waiting: dict[str, Path] = {}
        for path in self._waiting(part):
            waiting |= dict.fromkeys(self._read(path), path)
        runs = [self.plan.run(place) for place in range(len(self.plan))[self._slice(part)]]
        sources = [waiting.get(run.key) or self._earlier[run.key] for run in runs]
        found = [self._read(path)[run.key] for path, run in zip(sources, runs, strict=True)]
        for name in self.tables:
            self._path(name, part).parent.mkdir(parents=True, exist_ok=True)
        for name in self.tables[:-2]:
            keys: dict[Path, list[str]] = {path: [] for path in sources}
            for path, run in zip(sources, runs, strict=True):
                keys[path].append(run.key)
            table = _stacked([_of_runs(_beside(path, name), keys[path]) for path in keys])
            order = pc.index_in(table["run"], pa.array([run.key for run in runs]))
            write(table.take(pc.sort_indices(order)), self._path(name, part))
        took = {"run": [run.key for run in runs], "seconds": [f["seconds"] for f in found]}
        write(pa.table(took), self._path(SECONDS, part))
        rows = []
        for run, done in zip(runs, found, strict=True):
            cells = {name: as_cell(value) for name, value in run.given.items()}
            parameters = {**cells, "seed": run.seed, "run_seed": run.run_seed}
            for row in done["rows"]:
                rows.append({**row, "run": {"run": run.key}, "parameter": parameters})
        values = {
            name: [as_cell(value) for value in self.plan.values[name]]
            for name in self.plan.parameters
        }
        seeds = {"seed": [0], "run_seed": [0]}
        write(tabulate(rows, {**values, **seeds}), self._path(DATES, part))
        shutil.rmtree(self.folder / PENDING / f"part-{part:05d}", ignore_errors=True)


def set_aside(folder: Path) -> None:
    """Set aside what is done, to be sorted into a plan that has grown.

    Raises
    ------
    Refused
        If the disk does not allow it.
    """
    with on_disk(folder):
        for mark in (folder / EARLIER).glob(f"*/{MOVING}"):
            _move(folder, mark)
        number = sum(1 for _ in (folder / EARLIER).glob("*"))
        place = folder / EARLIER / f"{number:04d}"
        place.mkdir(parents=True)
        mark = place / MOVING
        mark.touch()
        _move(folder, mark)


def _move(folder: Path, mark: Path) -> None:
    """Move what is done beside a mark, and remove that when all of it is there."""
    for name in (PENDING, *TABLES):
        if (folder / name).exists():
            (folder / name).replace(mark.with_name(name))
    mark.unlink()


def _source(path: Path) -> dict[str, dict[str, Any]]:
    """The runs in a file, by key: their rows and seconds."""
    if path.suffix == ".json":
        return {run["run"]: run for run in _pending(path)}
    timed = pq.read_table(path.parent.with_name(SECONDS) / path.name).to_pydict()
    runs: dict[str, dict[str, Any]] = {
        key: {"run": key, "seconds": seconds, "rows": []}
        for key, seconds in zip(timed["run"], timed["seconds"], strict=True)
    }
    for row in untabulated(pq.read_table(path)):
        runs[row.pop("run")["run"]]["rows"].append(row)
    return runs


def _pending(path: Path) -> list[dict[str, Any]]:
    """Runs that wait for their part."""
    runs: list[dict[str, Any]] = json.loads(path.read_bytes())
    return runs


def _outcomes(path: Path) -> dict[str, str]:
    """The runs in a file, and how each ended: see :func:`simulator.results.outcome_of`."""
    if path.suffix == ".json":
        return {run["run"]: run["outcome"] for run in _pending(path)}
    table = pq.read_table(path, columns=["run", "date", "outcome"]).to_pydict()
    ended: dict[str, str] = {}
    for key, date, outcome in zip(table["run"], table["date"], table["outcome"], strict=True):
        if date is None or ended.get(key, Outcome.CLEARED) == Outcome.CLEARED:
            ended[key] = outcome
    return ended


def _beside(path: Path, name: str) -> pa.Table:
    """The table of rounds or members beside a file of runs."""
    if path.suffix == ".json":
        return feather.read_table(path.with_suffix(f".{name}"))
    return pq.read_table(path.parent.with_name(name) / path.name)


def _of_runs(table: pa.Table, keys: Sequence[str]) -> pa.Table:
    return table.filter(pc.is_in(table["run"], pa.array(keys)))


def _named(key: str, table: pa.Table) -> pa.Table:
    """A table with the name of its run in front."""
    return table.add_column(0, "run", pa.array([key] * len(table), pa.string()))


def _stacked(tables: Sequence[pa.Table]) -> pa.Table:
    schema = joined([table.schema for table in tables])
    return pa.concat_tables([conform(table, schema) for table in tables])
