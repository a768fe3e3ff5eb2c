"""Valid parameters at the ends of what is allowed: every run ends in an outcome, in time."""

from __future__ import annotations

import json
import tempfile
import time
import traceback
import warnings
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures import TimeoutError as NotDone
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from fractions import Fraction
from typing import Any

import numpy as np

from benchmarks.reliability.trial import Line, Trial
from markets.refused import Refused
from simulator.export import Format
from simulator.outcome import Outcome
from simulator.parameters import ParameterHelp, declared, parse
from simulator.run import simulate
from walras import catalogue

TRIALS = 700
LIMIT = 5.0
"""Seconds that a run is given."""

LATE = 20.0
"""Seconds after which a run that did not end within its limit counts as failed: the limit, its
grace, and what is written afterwards, on a busy machine."""

TRIES = 8
"""Values drawn of each parameter until one is allowed; the last may be one that is refused."""

DRAWN = 0.1
"""Share of the trials that write figures, too."""

SENTENCE = 300
"""Characters that a refusal may have."""

SMALL: Mapping[str, Any] = {"traders": 40, "investors": 40, "days": 5, "dates": 5, "max_rounds": 60}
"""What every run is asked for where its scenario knows it, unless it is drawn."""

FAR = (
    0.0, 1e-320, 1e-300, 1e-30, 1e-20, 1e-12, 1e-6, 0.5, 1.0 - 1e-16, 1.0, 1.0 + 2e-16, 2.0,
    1e6, 1e12, 1e20, 1e30, 1e300,
)  # fmt: skip
WHOLE = (0, 1, 2, 3, 10, 1_000, 10**6, 10**12, 10**19, 10**300)


def drawn(rng: np.random.Generator) -> tuple[str, dict[str, Any]]:
    """A scenario, and one to three of its numbers far from what they usually are."""
    name = str(rng.choice(sorted(catalogue.TITLES)))
    model = catalogue.find(name).parameters
    items = {item.name: item for item in declared(model)}
    given = {key: value for key, value in SMALL.items() if key in items}
    for key in rng.choice(sorted(items), size=int(rng.integers(1, 4)), replace=False):
        for _ in range(TRIES):
            given[str(key)] = _far(rng, items[str(key)])
            with suppress(Refused):
                parse(model, given)
                break
    return name, given


def _far(rng: np.random.Generator, item: ParameterHelp) -> Any:
    """A far value of a parameter: of a table or a list one number in it is far."""
    if item.choices and rng.random() < 0.7:
        return str(rng.choice(item.choices))
    if isinstance(item.default, bool):
        return bool(rng.integers(2))
    if isinstance(item.default, list | dict):
        whole = json.loads(json.dumps(item.default))
        places = list(_places(whole))
        if places:
            holder, key = places[int(rng.integers(len(places)))]
            holder[key] = _number(rng, isinstance(holder[key], int))
        return whole
    ends = [end for end in (item.low, item.high) if end is not None]
    if ends and rng.random() < 0.3:
        end = ends[int(rng.integers(len(ends)))]
        if isinstance(item.default, int):
            return end
        return float(np.nextafter(end, float(rng.choice([-np.inf, end, np.inf]))))
    return _number(rng, isinstance(item.default, int))


def _number(rng: np.random.Generator, whole: bool) -> float | int:
    if whole:
        return WHOLE[int(rng.integers(len(WHOLE)))]
    return float(rng.choice(FAR)) * (-1.0 if rng.random() < 0.15 else 1.0)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Where numbers stand in a value, those that are written as fractions included."""
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    for key, part in entries:
        if isinstance(part, list | dict):
            yield from _places(part)
        elif isinstance(part, str):
            with suppress(ValueError):
                Fraction(part)
                yield value, key
        elif isinstance(part, int | float) and not isinstance(part, bool):
            yield value, key


def failure(name: str, given: Mapping[str, Any], figures: bool) -> tuple[str, str]:
    """How a run ended, and what is wrong with that, in a sentence; empty if nothing is."""
    with warnings.catch_warnings(record=True) as said, tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("always")
        try:
            scenario = catalogue.find(name)
            run = simulate(scenario, parse(scenario.parameters, given), time_limit=LIMIT)
            form = Format(("svg",))
            written = run.export(folder, plots=figures, form=form)
            assert run.summary is not None
            assert (written / "manifest.json").is_file()
        except Refused as refused:
            return "refused", "" if len(str(refused)) <= SENTENCE else f"long: {refused}"
        except Exception as error:  # noqa: BLE001 - what is counted
            return "traceback", f"{type(error).__name__}: {error} {_where(error)}"
    if run.outcome is Outcome.DEFECT:
        return "defect", f"{run.reason} {_where(run.error)}"
    if said:
        one = said[0]
        return "warning", f"{one.category.__name__}: {one.message} ({one.filename}:{one.lineno})"
    return str(run.outcome), ""


def _where(error: BaseException | None) -> str:
    frames = traceback.extract_tb(None if error is None else error.__traceback__)
    return " < ".join(f"{frame.filename}:{frame.lineno}" for frame in frames[:-4:-1])


def _pool() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(2)


def trials(rng: np.random.Generator, share: float) -> Iterator[Trial]:
    """Draw, run in processes of their own, and see how each run ends."""
    asked = [
        (*drawn(rng), bool(rng.random() < DRAWN)) for _ in range(max(4, round(TRIALS * share)))
    ]
    pool = _pool()
    under_way: list[Future[tuple[tuple[str, str], float]]] = []
    for place, (name, given, figures) in enumerate(asked):
        while len(under_way) < min(place + 2, len(asked)):
            under_way.append(pool.submit(_timed, asked[len(under_way)]))
        try:
            (_, failed), seconds = under_way[place].result(timeout=2.0 * LATE)
            late = "" if seconds <= LATE else f"took {seconds:.0f} s, with a limit of {LIMIT:g} s"
        except (NotDone, BrokenProcessPool) as error:
            for process in list((pool._processes or {}).values()):
                process.kill()
            pool = _pool()
            under_way = under_way[: place + 1]
            failed, seconds, late = f"{type(error).__name__}", 2.0 * LATE, ""
        text = json.dumps({"scenario": name, "parameters": given, "figures": figures})
        yield Trial(f"{name}, far parameters", text, failed or late, seconds)
    pool.shutdown()


def _timed(asked: tuple[str, dict[str, Any], bool]) -> tuple[tuple[str, str], float]:
    begun = time.perf_counter()
    return failure(*asked), time.perf_counter() - begun


LINE = Line(
    "extremes",
    "Valid parameters at the ends of what is allowed end in an outcome or in a sentence, within the"
    f" time limit ({LIMIT:g} s here), without a warning; the record is exported.",
    trials,
)
