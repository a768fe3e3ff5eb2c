"""Runs of a sweep in processes of their own and on a Dask cluster, of which some are lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from markets.refused import Refused
from scenarios.repo.economy import MarginHike
from scenarios.repo.margin_hike import SCENARIO, MarginHikeScenario
from simulator.point import Case
from simulator.sweep import sweep as module
from simulator.sweep.asked import Asked
from simulator.sweep.axes import Axis
from simulator.sweep.handing_out import Options, Standing
from simulator.sweep.sweep import sweep
from simulator.sweep.work import built
from simulator.sweep.workers import processes, workers

ROOT = Path(__file__).resolve().parents[3]
LOW = Axis("low_payoff", tuple(np.linspace(0.5, 0.9, 30).round(4).tolist()))
ASKED = Asked([Axis("traders", (100,)), Axis("haircuts", ([0.02],)), LOW])

PATH = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)])}
"""Environment in which this very walras is imported."""

LETHAL = 1.0
"""Low payoff with which a run takes its process down with it."""


class Deadly(MarginHikeScenario):
    """Kills the process of one run, as one that takes all memory does."""

    def cases(self, parameters: MarginHike) -> list[Case]:
        if parameters.low_payoff == LETHAL:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().cases(parameters)


def margin_hike() -> MarginHikeScenario:
    return SCENARIO


def deadly() -> Deadly:
    return Deadly()


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{process}/stat")  # one that ended and was not waited for is a zombie
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


def table(folder: Path) -> bytes:
    (path,) = (folder / "dates").iterdir()
    return path.read_bytes()


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The table of the sweep done in this process."""
    return table(sweep(margin_hike, ASKED, tmp_path_factory.mktemp("here")).folder)


def test_nothing_runs_until_there_is_work() -> None:
    with workers(0, None) as staff:
        assert staff.ahead() == 1
        assert staff.executor.submit(len, "abc").result() == 3


@pytest.mark.parametrize(
    "address", ["tcp://127.0.0.1:1", "nonsense", "tcp://host.invalid:8786", "tcp://127.0.0.1:x"]
)
def test_a_scheduler_that_cant_be_reached_says_so(address: str, tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    with pytest.raises(Refused, match=f"the scheduler {address} can't be reached"):
        sweep(margin_hike, ASKED, tmp_path / "sweep", Options(scheduler=address))
    assert not (tmp_path / "sweep").exists()


def test_a_scheduler_needs_its_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(Refused, match=r'pip install "walras\[cluster\]"'):
        sweep(margin_hike, ASKED, tmp_path / "sweep", Options(scheduler="tcp://127.0.0.1:1"))


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 3])
def test_the_table_is_the_same_for_any_number_of_workers(
    count: int, here: bytes, tmp_path: Path
) -> None:
    done = sweep(margin_hike, ASKED, tmp_path / "sweep", Options(count))
    assert table(done.folder) == here


@pytest.mark.slow
def test_a_run_that_takes_its_process_down_is_a_row(tmp_path: Path) -> None:
    asked = Asked([Axis("traders", (50,)), Axis("low_payoff", (0.5, 0.6, 0.7, LETHAL, 1.1))])
    done = sweep(deadly, asked, tmp_path / "sweep", Options(2))
    assert dict(done.counts) == {"cleared": 4, "internal error": 1}
    (row,) = done.table[done.table["outcome"] != "cleared"].to_dict("records")
    assert row["low_payoff"] == LETHAL
    assert row["reason"].startswith("its worker process was killed")


@pytest.mark.slow
def test_processes_end_with_their_parent() -> None:
    code = (
        "import os, time\n"
        "from simulator.sweep.workers import processes\n"
        "if __name__ == '__main__':\n"
        "    with processes(1) as executor:\n"
        "        print(executor.submit(os.getpid).result(), flush=True)\n"
        "        executor.submit(time.sleep, 600).result()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=PATH
    ) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        assert alive(worker)
        parent.kill()
        parent.stdout.read()  # ends when nobody is left who could write
    assert not alive(worker)


@pytest.mark.slow
def test_processes_leave_the_environment_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    with processes(1) as executor:
        assert executor.submit(os.getenv, "OMP_NUM_THREADS").result() == "1"
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert "MKL_NUM_THREADS" not in os.environ


@pytest.mark.slow
def test_a_worker_loads_no_statistics_and_no_figures() -> None:
    """They take longer to load than a hundred runs take."""
    code = (
        "import sys\n"
        "import simulator.sweep.work, scenarios.repo.margin_hike\n"
        "print(*{'scipy.stats', 'matplotlib', 'distributed'} & set(sys.modules))\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, env=PATH
    )
    assert told.stdout.split() == []


# ---------------------------------------------------------------------- a cluster on this machine
Cluster = tuple[str, list[subprocess.Popen[bytes]]]
"""Address of the scheduler; its process, and those of its workers."""


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """A scheduler and two worker processes."""
    pytest.importorskip("distributed")
    found = tmp_path / "scheduler.json"
    quiet: dict[str, Any] = {"env": PATH, "stdout": subprocess.DEVNULL, "cwd": tmp_path}
    command = [sys.executable, "-m"]
    place = ["--scheduler-file", str(found)]
    started = [
        subprocess.Popen(
            [*command, "distributed.cli.dask_scheduler", *place, "--port", "0", "--host",
             "127.0.0.1", "--no-dashboard"], stderr=subprocess.DEVNULL, **quiet,
        )
    ]  # fmt: skip
    try:
        while not found.exists():
            assert started[0].poll() is None
            time.sleep(0.05)
        for _ in range(2):
            worker = [*command, "distributed.cli.dask_worker", *place, "--nthreads", "1"]
            started.append(
                subprocess.Popen(
                    [*worker, "--no-nanny", "--no-dashboard"], stderr=subprocess.DEVNULL, **quiet
                )
            )
        yield json.loads(found.read_text())["address"], started
    finally:
        for process in reversed(started):
            process.kill()
            process.wait()


def kill(process: subprocess.Popen[bytes], runs: int) -> Callable[[Standing], None]:
    def progress(standing: Standing) -> None:
        if standing.done >= runs:
            process.kill()

    return progress


@pytest.mark.slow
def test_a_cluster_that_loses_a_worker_loses_no_run(
    cluster: Cluster, here: bytes, tmp_path: Path
) -> None:
    address, staff = cluster
    done = sweep(
        margin_hike, ASKED, tmp_path / "sweep", Options(scheduler=address), kill(staff[1], 5)
    )
    assert staff[1].poll() is not None
    assert table(done.folder) == here


@pytest.mark.slow
def test_a_cluster_with_another_walras_is_refused(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "built", lambda: {**built(), "walras": "9.9"})
    with pytest.raises(Refused, match=r"a worker was refused: there walras is .*, not 9\.9"):
        sweep(margin_hike, ASKED, tmp_path / "sweep", Options(scheduler=cluster[0]))
    assert not (tmp_path / "sweep").exists()


@pytest.mark.slow
def test_a_cluster_that_loses_its_scheduler_says_so(
    cluster: Cluster, here: bytes, tmp_path: Path
) -> None:
    address, staff = cluster
    with pytest.raises(Refused, match=f"the scheduler {address} was lost; what was done before"):
        sweep(margin_hike, ASKED, tmp_path / "sweep", Options(scheduler=address), kill(staff[0], 5))
    done = sweep(margin_hike, ASKED, tmp_path / "sweep")
    assert 0 < done.done_now < len(LOW.values)
    assert table(done.folder) == here


@pytest.mark.slow
@pytest.mark.parametrize("words", [("--workers", "2"), ("--scheduler",)])
def test_a_sweep_that_is_stopped_leaves_no_process_and_goes_on(
    words: tuple[str, ...], cluster: Cluster, tmp_path: Path
) -> None:
    folder = tmp_path / "sweep"
    asked = ["sweep", "margin-hike", "traders=300", "low_payoff=0.5:0.9:400", "haircuts=[0.02]"]
    asked += [*words, *([cluster[0]] if len(words) == 1 else []), "--out", str(folder)]
    command = [sys.executable, "-W", "error", "-m", "walras", *asked]
    with subprocess.Popen(
        command, env=PATH, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        while not [*folder.glob("pending/*/*.json")]:
            assert process.poll() is None
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGTERM)
        said = process.communicate(timeout=60)[1]
    assert process.returncode == 143
    assert said == "walras: stopped by SIGTERM; the same command goes on from what is done\n"
    groups = [
        path.read_text().rpartition(")")[2].split()[:3]
        for path in Path("/proc").glob("[0-9]*/stat")
    ]
    assert not [state for state, _, group in groups if group == str(process.pid) and state != "Z"]
    assert all(one.poll() is None for one in cluster[1])
    assert [*folder.glob("pending/*/*.json")]
    again = subprocess.run(command, env=PATH, capture_output=True, text=True, check=False)
    assert (again.returncode, again.stderr) == (0, "")
    assert "of them before" in again.stdout
