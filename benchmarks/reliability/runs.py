"""Runs that are stopped by signals, and runs under other settings of the machine."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.reliability.trial import Line, Trial
from walras.catalogue import TITLES

ROOT: Final = Path(__file__).resolve().parents[2]

STOPPED, COMPARED, DRAWN = 90, 26, 4
"""Signals sent, runs compared and runs compared with figures in the full report."""

LONGEST: Final = 60.0
"""Seconds that a command may take to end after a signal: the figure being drawn, and the record."""

LATER: Final = 0.3
"""Seconds within which a second and a third signal follow."""

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

SMALL: Final[Mapping[str, Sequence[str]]] = {
    "margin-hike": ("traders=300",),
    "euro-crisis": ("traders=60",),
    "pledgeability": ("days=4", "investors=100"),
    "pledgeable-securities": ("days=4", "investors=100"),
    "margin-procyclicality": ("dates=12",),
    "collateral-equilibrium": ("traders=1000",),
    "leverage-cycle": ("traders=1000",),
}

LARGE: Final[Mapping[str, Sequence[str]]] = {
    "margin-hike": ("traders=30001",),
    "euro-crisis": ("traders=20001",),
    "pledgeability": ("days=2", "investors=50001"),
    "pledgeable-securities": ("days=2", "investors=50001"),
    "collateral-equilibrium": ("traders=100001",),
    "leverage-cycle": ("traders=100001",),
    "default-waterfall": ("traders=20000",),
}
"""Sizes at which linear algebra would use several threads."""


@dataclass(frozen=True)
class Commands:
    """The commands that signals stop, in a folder with what they need."""

    folder: Path

    def prepare(self) -> None:
        """Two small runs, and observations to fit."""
        for step in ("0.5", "1"):
            words = ("run", "exchange", "--set", f"step={step}", "--no-plots", "--quiet")
            _walras(*words, "--out", "runs", cwd=self.folder).check_returncode()
        observed = "output,observed,error\nsecurity_price,0.8,0.01\n"
        (self.folder / "observed.csv").write_text(observed, encoding="utf-8")

    @property
    def all(self) -> dict[str, tuple[str, ...]]:
        """Words by kind of command; each writes to the folder ``out``."""
        hike, out = "margin-hike", ("--out", "out")
        runs = sorted(str(path) for path in (self.folder / "runs").iterdir())
        low, market = "low_payoff=0.5:0.9:60", ("traders=200", "haircuts=[0.1]")
        fitted = ("--to", "observed.csv", "--free", "high_payoff=1.05:1.3")
        continuum = ("--set", "traders=50", "--set", "population=continuum")
        return {
            "run": ("run", hike, "--set", "traders=400", *out),
            "run of many dates": ("run", "margin-procyclicality", "--set", "dates=40", *out),
            "sweep in one process": ("sweep", hike, low, *market, "--workers", "0", *out),
            "sweep with workers": ("sweep", hike, low, *market, "--workers", "2", *out),
            "trace": ("trace", "margin-spiral", "experts_wealth=-4:-4.9", *out),
            "sensitivities": ("sensitivities", hike, "--set", "traders=100", *out),
            "fit": ("fit", hike, *fitted, *continuum, "--set", "haircuts=[0.02]", *out),
            "replicate": ("replicate", "--paper", "geanakoplos", "--workers", "2", *out),
            "compare": ("compare", *runs, *out),
            "report": ("report", runs[0], *out),
            "verify": ("verify", *runs[:1]),
        }


def trials(rng: np.random.Generator, share: float) -> Iterator[Trial]:
    """Signals at random instants of random commands, then random runs under other settings."""
    with tempfile.TemporaryDirectory(prefix="walras-signals-") as temporary:
        commands = Commands(Path(temporary))
        commands.prepare()
        took: dict[str, float] = {}
        for _ in range(max(2, round(STOPPED * share))):
            kind = str(rng.choice(list(commands.all)))
            if kind not in took:
                took[kind] = _alone(commands, kind)
            yield _stopped(commands, kind, took[kind], rng)
    sized: list[tuple[str, Sequence[str]]] = [(name, ()) for name in TITLES if name not in SMALL]
    sized += [(name, given) for some in (SMALL, LARGE) for name, given in some.items()]
    order = rng.permutation(len(sized))
    for place in order[: max(1, round(COMPARED * share))]:
        yield _compared(*sized[place], figures=False, hash_seed=int(rng.integers(2**32)))
    for name in rng.permutation(list(TITLES))[: round(DRAWN * share)]:
        given = SMALL.get(str(name), ())
        yield _compared(str(name), given, figures=True, hash_seed=int(rng.integers(2**32)))


# ------------------------------------------------------------------ signals
def _alone(commands: Commands, kind: str) -> float:
    """Seconds that a command takes if nobody stops it, from when it listens."""
    with (
        tempfile.TemporaryDirectory(dir=commands.folder) as place,
        _begun(commands, kind, place) as p,
    ):
        begun = _listening(p)
        p.communicate()
        return time.monotonic() - begun


def _begun(commands: Commands, kind: str, place: str) -> subprocess.Popen[str]:
    (Path(place) / "observed.csv").write_bytes((commands.folder / "observed.csv").read_bytes())
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "walras", *commands.all[kind]],
        cwd=place,
        env=_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=_hears,
    )


def _hears() -> None:
    """What a process does before it begins: it is not one that was started to ignore signals."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_DFL)


def _listening(process: subprocess.Popen[str]) -> float:
    """When a process has begun to listen to signals; before that they are left to Python."""
    status = Path(f"/proc/{process.pid}/status")
    while process.poll() is None:
        caught = [line for line in status.read_text().splitlines() if line.startswith("SigCgt")]
        if int(caught[0].split()[1], 16) & 1 << signal.SIGHUP - 1:
            break
        time.sleep(0.005)
    return time.monotonic()


def _stopped(commands: Commands, kind: str, took: float, rng: np.random.Generator) -> Trial:
    """Send one to three signals to a command, or to all its processes, and look what is left."""
    number = SIGNALS[rng.integers(len(SIGNALS))]
    instant, times = float(rng.uniform(0.0, took)), int(rng.integers(1, 4))
    pauses, everywhere = rng.uniform(0.0, LATER, times), bool(rng.random() < 0.3)
    whom = "all its processes" if everywhere else "it"
    said = (
        f"{number.name} {times} times to {whom}, {instant:.3f} s after it listens:"
        f" walras {' '.join(commands.all[kind])}"
    )
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(dir=commands.folder) as place:
        with _begun(commands, kind, place) as process:
            _listening(process)
            time.sleep(instant)
            for pause in pauses:
                if process.poll() is None:
                    (os.killpg if everywhere else os.kill)(process.pid, number)
                time.sleep(pause)
            try:
                error = process.communicate(timeout=LONGEST)[1]
                failure = _wrong(Path(place), process, number, error)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                failure = f"it did not end within {LONGEST:g} s"
        if not failure and kind.startswith("sweep"):
            again = _walras(*commands.all[kind], cwd=Path(place))
            failure = "" if again.returncode == 0 else f"it does not go on: {again.stderr}"
    return Trial(f"signals: {kind}", said, failure, time.monotonic() - begun)


def _wrong(place: Path, process: subprocess.Popen[str], number: int, error: str) -> str:
    """What is wrong after a command has ended; it may have been done before the signal came."""
    if process.returncode == 0:
        expected = error == ""
    else:
        expected = process.returncode == 128 + number and error.startswith("walras: stopped by ")
        expected = expected and error.count("\n") == 1 and len(error) <= 300
    if not expected:
        return f"exit code {process.returncode}, and on stderr: {error}"
    left = _running(process.pid)
    if left:
        return f"processes are left: {left}"
    half = [str(path) for path in place.rglob("*") if path.name.startswith((".walras-", ".part-"))]
    if half:
        return f"something half-written is left: {half}"
    for path in place.rglob("manifest.json"):
        manifest = json.loads(path.read_text(encoding="utf-8"))
        for name, digest in manifest.get("files", {}).items():
            if hashlib.sha256((path.parent / name).read_bytes()).hexdigest() != digest:
                return f"{name} is not what the manifest says"
        if path.parent.name.endswith("-unfinished") == manifest.get("finished", False):
            return "the record does not say whether it is finished"
    return ""


def _running(group: int) -> list[int]:
    """Processes of a group that are alive."""
    until, alive = time.monotonic() + 2.0, [0]
    while alive and time.monotonic() < until:
        alive = []
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                state, _, its_group = path.read_text().rpartition(")")[2].split()[:3]
            except OSError:
                continue
            if int(its_group) == group and state != "Z":
                alive.append(int(path.parent.name))
    return alive


# ------------------------------------------------------------------ settings
def _compared(name: str, given: Sequence[str], *, figures: bool, hash_seed: int) -> Trial:
    """Export a run twice, under other settings, and compare every byte."""
    words = ["run", name, "--quiet", *(word for each in given for word in ("--set", each))]
    words += [] if figures else ["--no-plots"]
    words += ["--no-studies"] if given else []
    settings: dict[str, Any] = {"threads": 2, "python": ("-O",), "hash_seed": hash_seed}
    begun, failure = time.monotonic(), ""
    with tempfile.TemporaryDirectory(prefix="walras-settings-") as temporary:
        here, there = Path(temporary) / "one", Path(temporary) / "other"
        for folder, how in ((here, {}), (there, settings)):
            ended = _walras(*words, "--out", str(folder), cwd=Path(temporary), **how)
            if ended.returncode not in (0, 3) or (ended.stderr and ended.returncode == 0):
                failure = f"exit code {ended.returncode}, and on stderr: {ended.stderr}"
        if not failure:
            one, other = _files(here), _files(there)
            differing = [path for path in one | other if one.get(path) != other.get(path)]
            failure = f"other bytes in {', '.join(differing)}" if differing else ""
    kind = "same bytes: tables, proofs and figures" if figures else "same bytes: tables and proofs"
    said = f"one thread of BLAS, PYTHONHASHSEED=0; two, {hash_seed}, -O: walras {' '.join(words)}"
    return Trial(kind, said, failure, time.monotonic() - begun)


def _files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def _walras(
    *words: str, cwd: Path, threads: int = 1, hash_seed: int = 0, python: Sequence[str] = ()
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *python, "-W", "error", "-m", "walras", *words],
        cwd=cwd,
        env=_environment(threads, hash_seed),
        capture_output=True,
        text=True,
        check=False,
    )


def _environment(threads: int = 1, hash_seed: int = 0) -> dict[str, str]:
    asked = {"OPENBLAS_NUM_THREADS": threads, "OMP_NUM_THREADS": threads}
    asked |= {"PYTHONHASHSEED": hash_seed}
    return {**os.environ, "PYTHONPATH": str(ROOT), **{n: str(v) for n, v in asked.items()}}


LINE = Line(
    "runs",
    "A command that is stopped keeps what is done, and a run has the same bytes on every setting",
    trials,
    (
        "Signals in the first tenth of a second, while Python itself starts, are left to Python.",
        "A signal waits for an import, or for a computation in compiled code, to end.",
        "Other processors have other kernels of BLAS: there, and with other versions of libraries,"
        " numbers agree to 1e-9 (tests/walras/test_reference.py), not to the byte.",
        "Any order of cohorts gives the same totals: tests/simulator/test_rehearsal.py.",
    ),
)
