"""Members of one's own: what a table of them costs, from the file to the certificate.

Run as ``python -m benchmarks.members members TRADERS`` (or ``parameters``) it measures one size and
prints JSON: each has a process to itself, so that its peak memory is its own.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.report import Table
from benchmarks.scaling import apart, peak
from scenarios.repo.economy import COLUMNS, MarginHike
from scenarios.repo.margin_hike import SCENARIO
from simulator.parameters import parse
from simulator.point import at_rest
from simulator.population.members import table_of

HAIRCUTS = [0.1]

PARTS = ("read", "set-up", "rounds", "table", "certificate", "verdict")


def written(folder: Path, traders: int) -> Path:
    """A CSV file of members who differ in everything, by a seed of its own."""
    rng = np.random.default_rng(0)
    path = folder / "members.csv"
    pd.DataFrame(
        {
            "name": [f"member {number}" for number in range(traders)],
            "belief": rng.uniform(1e-6, 1.0 - 1e-6, traders),
            "cash": rng.exponential(1.0, traders),
            "securities": rng.exponential(1.0, traders),
            "income_up": rng.exponential(50.0, traders),
            "income_down": rng.exponential(1000.0, traders),
        }
    ).to_csv(path, index=False)
    return path


def measure(whose: str, traders: int, folder: Path) -> dict[str, float]:
    """Take a market of members of a file, or of the parameters alone, to its certificate.

    Returns
    -------
    dict
        Processor seconds of every part: ``read`` (and validated), ``set-up`` (traders made,
        reservation prices sorted), ``rounds``, the ``table`` of holdings, its ``certificate``, and
        the ``verdict`` with all else that a date tells; of all parts, ``whole``; MiB of memory at
        the ``peak``.
    """
    given: dict[str, Any] = {"haircuts": HAIRCUTS, "traders": traders}
    if whose == "members":
        given["members"] = str(written(folder, traders))
    parts: dict[str, float] = {}
    start = process_time()

    def done(part: str) -> None:
        nonlocal start
        parts[part] = process_time() - start
        start = process_time()

    parameters = parse(MarginHike, given)
    (case,) = SCENARIO.cases(parameters)
    table_of(parameters.members, COLUMNS)
    done("read")
    economy = case.build(np.random.default_rng(0))
    economy.open()
    done("set-up")
    parts["set-up"] -= parts["read"]  # the economy reads it again
    cleared = economy.clear()
    done("rounds")
    economy.rest()
    point = at_rest(case.name, economy)
    done("table")
    certificate = SCENARIO.certify(parameters, point)
    done("certificate")
    SCENARIO.describe(parameters, economy, point)
    done("verdict")
    economy.close()
    if not certificate.holds:
        raise RuntimeError(f"the market of {traders} {whose} {cleared.value}, not certified")
    return {**parts, "whole": sum(parts.values()), "peak": peak()}


def table(sizes: Sequence[int]) -> Table:
    """Measure all sizes with and without a table of members, each in a fresh process."""
    result = Table(
        "members",
        "Members of one's own, from a CSV file to the certificate, processor seconds",
        ("traders", "given by", *PARTS, "whole", "ratio", "peak memory, MiB"),
    )
    for size in sizes:
        alone, given = (
            apart("benchmarks.members", whose, str(size)) for whose in ("parameters", "members")
        )
        for name, one in (("parameters", alone), ("a file", given)):
            result.rows.append(
                (
                    size, name, *(one[part] for part in PARTS), one["whole"],
                    one["whole"] / alone["whole"], one["peak"],
                )
            )  # fmt: skip
    result.notes.append(
        "Members of the file have names and differ in beliefs, endowments and incomes; those of the"
        " parameters differ in beliefs only. One date, of which read and set-up are a share."
    )
    return result


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        print(json.dumps(measure(sys.argv[1], int(sys.argv[2]), Path(made))))
