"""Memory is estimated before it is taken."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import pytest

from benchmarks.reliability.extremes import GENEROUS, MODERATE, estimated_and_taken
from markets.refused import Refused
from scenarios.repo.economy import MarginHike
from scenarios.repo.margin_hike import MarginHikeScenario
from simulator import memory
from simulator.memory import Extent, available, check_memory, size
from simulator.parameters import parse
from simulator.run import simulate
from walras.catalogue import find


@pytest.mark.parametrize(
    ("name", "given", "sentence"),
    [
        ("margin-hike", {"traders": 10**12}, r"traders is 1000000000000; that needs about 300 TB"),
        ("margin-hike", {"traders": 10**25}, r"traders is 1\d+; that needs about 3000 YB"),
        ("euro-crisis", {"traders": 10**12}, r"traders is 1000000000000; that needs about 300 TB"),
        ("pledgeability", {"investors": 10**12}, "investors is 1000000000000; that needs"),
        ("pledgeable-securities", {"investors": 10**12}, "investors is 3000000000000; that needs"),
        (
            "bankruptcy-capm",
            MODERATE["bankruptcy-capm"],
            "cohorts.members is 1000; that needs",
        ),
        ("default-waterfall", {"traders": 10**6}, "traders is"),
    ],
)
def test_what_does_not_fit_is_refused(
    name: str, given: Mapping[str, Any], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "NEVER_MIND", 0.0)
    monkeypatch.setattr(memory, "available", lambda: 1e5)
    with pytest.raises(Refused, match=f"^{sentence}.* of memory, and 100 kB are free$"):
        parse(find(name).parameters, given)


def test_an_exported_run_is_read_on_a_smaller_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available", lambda: 1e5)
    assert parse(MarginHike, {"traders": 10**9}, to_run=False).traders == 10**9


def test_starts_are_counted_too(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Refused, match=r"^starts is 1000000000000; that needs about 20 PB"):
        simulate(MarginHikeScenario(), MarginHike(traders=20), starts=10**12)


def test_what_is_free_is_known_here() -> None:
    free = available()
    assert free is not None
    check_memory(Extent(members=1000, dates=2, kept=2, columns=20))
    with pytest.raises(Refused, match="are free"):
        check_memory(Extent(members=int(free), names=("traders", "")))


def test_a_control_group_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_limits", lambda: iter((3e9, 1e9, 2e9)))
    assert available() == 1e9
    monkeypatch.setattr(memory, "_limits", lambda: iter(()))
    assert available() is None


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 bytes"), (999, "1000 bytes"), (8.04e13, "80 TB"), (1e30, "1e+06 YB")]
)
def test_sizes_in_words(count: float, said: str) -> None:
    assert size(count) == said


@pytest.mark.slow
@pytest.mark.parametrize("name", MODERATE)
def test_no_run_takes_more_than_was_estimated(name: str) -> None:
    with ProcessPoolExecutor(1, get_context("spawn")) as fresh:
        estimate, taken = fresh.submit(estimated_and_taken, name, MODERATE[name]).result()
    assert taken <= estimate <= GENEROUS * taken
