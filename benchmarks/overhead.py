"""What a round costs besides arithmetic on arrays, and what a command costs besides rounds."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from time import process_time
from typing import Any

import mesa
import numpy as np

from benchmarks.economies import cohort, economy, same_round, with_compiled
from benchmarks.report import Table
from benchmarks.scaling import ROOT
from benchmarks.timing import side_by_side
from scenarios.repo.economy import MarginHike
from scenarios.repo.margin_hike import SCENARIO
from simulator.run import simulate

PARTS = ("post", "respond", "net and settle", "excess and depth", "adjust", "record", "mesa")


class Empty(mesa.Model):
    """A model that does nothing: what Mesa itself costs a step."""

    def step(self) -> None:
        """Do nothing."""


def parts(sizes: Sequence[int]) -> Table:
    """Time every part of an unsettled round."""
    result = Table(
        "parts",
        "Parts of a round, side by side",
        (
            "economy", "traders", "a round, us", *(f"{part}, us" for part in PARTS),
            "respond, %", "record, %", "mesa, %",
        ),
    )  # fmt: skip
    for family in with_compiled(("short", "heterogeneous")):
        for size in sizes:
            made = economy(family, size)
            made.step()
            made.step()
            again = same_round(made)
            tasks = {"round": again, **_tasks(made)}
            times = side_by_side(tasks)
            whole = times["round"]
            result.rows.append(
                (
                    family, size, 1e6 * whole, *(1e6 * times[part] for part in PARTS),
                    *(100.0 * times[part] / whole for part in ("respond", "record", "mesa")),
                )
            )  # fmt: skip
            made.close()
    for family in with_compiled(("short", "heterogeneous")):
        rows = [row for row in result.rows if row[0] == family]
        below = [row[1] for row in rows if float(row[-2]) < 10.0]
        least = f"below 10% from {min(below):,} traders on" if below else "never below 10%"
        result.notes.append(f"{family}: recording is {least} (of the sizes measured).")
    result.notes.append(
        "Arithmetic on arrays is in respond; where traders differ in beliefs only there is none,"
        " and a round costs the same at every size. mesa is the step of an empty model."
    )
    return result


def _tasks(made: Any) -> dict[str, Any]:
    """Every part of the round as a call that can be repeated."""
    state, market, house = made.adjustment, made.market, made.house
    traders = cohort(made)
    made.step()
    posted, book = made.posted, made.book
    excess = market.excess(posted, book)
    depth = market.depth(posted, book, state.coordinates)
    orders = traders.respond(posted)

    def net_and_settle() -> None:
        house.settle(posted, house.net([orders]))

    def excess_and_depth() -> None:
        market.excess(posted, book)
        market.depth(posted, book, state.coordinates)

    return {
        "post": lambda: market.post(state.coordinates, made.terms, state.moved),
        "respond": lambda: traders.respond(posted),
        "net and settle": net_and_settle,
        "excess and depth": excess_and_depth,
        "adjust": lambda: made.adjuster.adjust(state, excess, depth),
        "record": lambda: made._remember(excess),
        "mesa": Empty(rng=0).step,
    }


def command(sizes: Sequence[int]) -> Table:
    """Time ``walras run margin-hike`` and what it consists of."""
    result = Table(
        "command",
        "The command `walras run margin-hike`, processor seconds",
        (
            "traders", "whole command", "start of python and imports", "rounds and positions",
            "set-up, tables, certificate", "export", "rounds, % of the command",
        ),
    )  # fmt: skip
    start = min(_seconds("list") for _ in range(2))
    for size in sizes:
        parameters = MarginHike(traders=size)
        (case,) = SCENARIO.cases(parameters)
        made = case.build(np.random.default_rng(0))
        made.open()
        began = process_time()
        for date, announcement in enumerate(case.announcements):
            if date:
                made.announce(**announcement)
            made.clear()
        rounds = process_time() - began
        made.close()
        began = process_time()
        run = simulate(SCENARIO, parameters)
        simulated = process_time() - began
        with tempfile.TemporaryDirectory() as folder:
            began = process_time()
            run.export(folder)
            exported = process_time() - began
            whole = _seconds("run", "margin-hike", "--set", f"traders={size}", "--out", folder)
        result.rows.append(
            (size, whole, start, rounds, simulated - rounds, exported, 100.0 * rounds / whole)
        )
    result.notes.append(
        "Two dates. The whole command and its start are processes of their own; the other columns"
        " are taken in this one, where everything is already imported."
    )
    return result


def _seconds(*words: str) -> float:
    """Processor seconds of a command in a process of its own."""
    program = "from walras.__main__ import main; main()"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-c", program, *words], cwd=ROOT, check=True, capture_output=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
