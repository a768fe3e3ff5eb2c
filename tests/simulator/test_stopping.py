"""Signals raise where work can be given up, and wait while what is done is written."""

import importlib
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest

from simulator import stopping
from simulator.stopping import INTERRUPTS, Stopped, check, code_of, deaf, stoppable, unstoppable


@pytest.fixture(autouse=True)
def listening(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(stopping, "_process", stopping._Process())
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, signal.SIG_DFL) for number in numbers}
    monkeypatch.setattr("sys.unraisablehook", lambda raised: None)
    stopping.listen()
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def send(number: int) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_stops_a_block_with_its_own_code(number: signal.Signals, code: int) -> None:
    with pytest.raises(Stopped, match=f"stopped by {number.name}") as stopped, stoppable():
        send(number)
    assert code_of(stopped.value) == code


def test_an_interrupt_of_python_is_one_of_sigint() -> None:
    assert code_of(KeyboardInterrupt()) == 130
    assert issubclass(Stopped, INTERRUPTS)
    assert not issubclass(Stopped, Exception)  # nothing that handles defects handles it


def test_while_what_is_done_is_written_signals_wait_for_the_next_block() -> None:
    written = []
    with pytest.raises(Stopped, match="SIGTERM"), stoppable():  # noqa: PT012
        with unstoppable() as as_before:
            send(signal.SIGTERM)
            written.append("begun")
            send(signal.SIGINT)
            written.append("done")
        with stoppable():
            written.append("never")
    assert written == ["begun", "done"]
    with pytest.raises(Stopped), stoppable():
        pass
    with unstoppable() as as_before, as_before():
        check()  # as before is unstoppable, too


def test_inside_of_what_cant_be_stopped_a_part_can_be() -> None:
    with pytest.raises(Stopped), stoppable(), unstoppable() as as_before, as_before():
        send(signal.SIGTERM)


def test_what_a_library_swallows_is_raised_by_the_next_check() -> None:
    with stoppable():
        with suppress(BaseException):  # as libraries do
            send(signal.SIGTERM)
        with pytest.raises(Stopped):
            check()


def test_an_import_is_not_broken_off(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    module = tmp_path / "imported_by_a_test.py"
    module.write_text("import os, signal\nos.kill(os.getpid(), signal.SIGTERM)\ndone = True\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(Stopped), stoppable():  # noqa: PT012
        assert importlib.import_module("imported_by_a_test").done
        signal.pause()  # until the signal is looked at again


def test_what_the_process_was_started_to_ignore_stays_ignored() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    stopping.listen()
    with stoppable():
        send(signal.SIGHUP)
        check()


def test_a_process_that_is_started_deaf_hears_nothing() -> None:
    with deaf():
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    assert {signal.SIGINT, signal.SIGTERM, signal.SIGHUP} <= mask
    assert not {signal.SIGINT, signal.SIGTERM} & signal.pthread_sigmask(signal.SIG_BLOCK, [])


def test_in_the_end_signals_do_nothing() -> None:
    stopping.ignore()
    with stoppable():
        send(signal.SIGTERM)
        check()


@pytest.mark.parametrize(
    ("error", "said"),
    [(Stopped(signal.SIGTERM), 0), (ResourceWarning("unclosed"), 0), (ValueError("no"), 1)],
)
def test_what_a_stop_leaves_open_is_not_worth_a_word(
    error: BaseException, said: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[object] = []
    monkeypatch.setattr(stopping._process, "asked", signal.SIGTERM)
    monkeypatch.setattr("sys.__unraisablehook__", told.append)
    stopping._unraisable(SimpleNamespace(exc_value=error))
    assert len(told) == said
