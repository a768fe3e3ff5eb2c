"""Valid parameters at the ends of what is allowed: every run ends in an outcome, in time."""

from __future__ import annotations

import json
import resource
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures import TimeoutError as NotDone
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from fractions import Fraction
from multiprocessing import get_context
from typing import Any

import numpy as np

from benchmarks.reliability.trial import Line, Trial
from benchmarks.scaling import peak
from markets.refused import Refused
from simulator.export import Format
from simulator.outcome import Outcome
from simulator.parameters import ParameterHelp, declared, parse
from simulator.run import simulate
from walras import catalogue

TRIALS = 250
LIMIT = 2.0
"""Seconds that a run is given."""

LATE = 20.0
"""Seconds after which a run that did not end within its limit counts as failed: the limit, its
grace, and what is written afterwards, on a busy machine."""

TRIES = 8
"""Values drawn of each parameter until one is allowed; the last may be one that is refused."""

ADDRESSES = 4 << 30
"""Bytes that a process of these trials may take."""

HANGS = 120.0
"""Seconds after which a process is killed."""

DRAWING = 60.0
"""As LATE, of runs that draw figures: these are not within the limit."""

GENEROUS = 20.0
"""Largest multiple of what is taken that an estimate may be."""

MODERATE: Mapping[str, Mapping[str, Any]] = {
    "margin-hike": {"traders": 50_000, "haircuts": [0.01, 0.03]},
    "euro-crisis": {"traders": 2_000},
    "pledgeability": {"investors": 50_000, "days": 2},
    "pledgeable-securities": {"investors": 20_000, "days": 2},
    "bankruptcy-capm": {
        "cohorts": [
            {
                "members": 1_000, "weight": 1.2, "satiation": 9000.0, "endowment_now": 2.0,
                "endowment_later": ["lognormal(mean=1, sd=0.1)", 1.0, 2.0], "equities": [1.0],
            }
        ]
    },
    "collateral-equilibrium": {
        "traders": 20_000, "population": "individuals", "assets": "borrowing"
    },
    "leverage-cycle": {"traders": 20_000, "population": "individuals"},
    "default-waterfall": {"traders": 5_000, "equilibrium": "greatest", "news": [-0.1]},
    "exchange": {
        "consumers": [
            {
                "name": "drawn",
                "members": 10_000, "weights": [1.0, "lognormal(mean=1, sd=0.2)"],
                "endowment": ["lognormal(mean=1, sd=0.2)", 1.0], "elasticity": 1.0,
            }
        ]
    },
}  # fmt: skip
"""Runs of moderate size of every scenario whose members are counted by a parameter."""

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


_CONTEXT = get_context("forkserver")  # a fresh process, without its imports
_CONTEXT.set_forkserver_preload([__name__])


def trials(rng: np.random.Generator, share: float) -> Iterator[Trial]:
    """Runs with far parameters, and the memory that runs of moderate size take."""
    count = max(4, round(TRIALS * share))
    asked = [(*drawn(rng), bool(rng.random() < DRAWN)) for _ in range(count)]
    for (name, given, figures), (seconds, failed) in zip(
        asked, _in_turn(_timed, asked), strict=True
    ):
        text = json.dumps({"scenario": name, "parameters": given, "figures": figures})
        yield Trial("far parameters", text, failed, seconds)
    sizes = list(MODERATE.items())
    some = [sizes[int(k)] for k in rng.permutation(len(sizes))[: max(1, round(len(sizes) * share))]]
    for (name, moderate), (seconds, failed) in zip(some, _in_turn(_measured, some, 1), strict=True):
        figure, _, failed = failed.partition("|")
        text = json.dumps({"scenario": name, "parameters": moderate})
        yield Trial(f"memory of {name}", text, failed, seconds, figure)


def _in_turn(
    work: Callable[[Any], tuple[float, str]], asked: Sequence[Any], tasks: int | None = None
) -> Iterator[tuple[float, str]]:
    """What two processes make of all that is asked, in order; one that hangs is killed."""
    pool, under_way = _pool(tasks), dict[int, Future[tuple[float, str]]]()
    for place in range(len(asked)):
        for ahead in range(place, min(place + 2, len(asked))):
            if ahead not in under_way:
                under_way[ahead] = pool.submit(work, asked[ahead])
        try:
            yield under_way[place].result(timeout=HANGS)
        except (NotDone, BrokenProcessPool) as error:
            for process in pool._processes.values():
                process.kill()
            pool = _pool(tasks)
            under_way.pop(place + 1, None)
            yield HANGS, f"{type(error).__name__}: its process was lost"
    pool.shutdown()


def _pool(tasks: int | None) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(2, _CONTEXT, initializer=_bounded, max_tasks_per_child=tasks)


def _bounded() -> None:
    """No more memory than a small machine has, so that nothing else is pushed out of it."""
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES))


def _timed(asked: tuple[str, dict[str, Any], bool]) -> tuple[float, str]:
    begun = time.perf_counter()
    _, failed = failure(*asked)
    seconds = time.perf_counter() - begun
    if not failed and seconds > (DRAWING if asked[2] else LATE):
        failed = f"took {seconds:.0f} s, with a limit of {LIMIT:g} s"
    return seconds, failed


def _measured(asked: tuple[str, Mapping[str, Any]]) -> tuple[float, str]:
    """What a run takes at its height, beside the estimate."""
    begun = time.perf_counter()
    estimate, taken = estimated_and_taken(*asked)
    figure = f"{taken / 1e6:.0f} MB, estimated {estimate / 1e6:.0f} MB"
    wrong = "" if taken <= estimate <= GENEROUS * taken else f"the estimate is off: {figure}"
    return time.perf_counter() - begun, f"{figure}|{wrong}"


def estimated_and_taken(name: str, given: Mapping[str, Any]) -> tuple[float, float]:
    """Bytes that a run is estimated to take, and those that it takes until it is exported.

    By the largest resident size of this process, which must be a fresh one, beyond that which a
    run by defaults with few members leaves.
    """
    scenario = catalogue.find(name)
    few = {key: value for key, value in SMALL.items() if key in scenario.parameters.model_fields}
    heights = []
    for parameters in (parse(scenario.parameters, few), parse(scenario.parameters, given)):
        with tempfile.TemporaryDirectory() as folder:
            simulate(scenario, parameters, studies=False).export(folder, plots=False)
        heights.append(2**20 * peak())
    return parameters.extent().bytes, heights[1] - heights[0]


LINE = Line(
    "extremes",
    "Valid parameters at the ends of what is allowed end in an outcome or in a sentence, within the"
    f" time limit ({LIMIT:g} s here), without a warning, with the record exported; the memory"
    " that a run takes is no more than what is estimated before it is taken.",
    trials,
    (
        "Of a list or a table one number is far, of files and distributions none; figures are drawn"
        f" in {DRAWN:.0%} of the runs.",
        "Memory is the largest resident size of a process beyond that of a run with few members.",
    ),
)
