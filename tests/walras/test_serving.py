"""`walras serve` refuses in a sentence, before anything is started."""

import socket

import pytest
from typer.testing import CliRunner, Result

from walras import serving
from walras.command import app


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    """What would have been served, instead of serving it; as if the extra were installed."""
    calls: list[tuple[object, ...]] = []
    monkeypatch.setattr(serving, "NEEDED", ())
    monkeypatch.setattr("walras.serving.serve", lambda *given: calls.append(given))
    return calls


def walras(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def refused(result: Result) -> str:
    """The one sentence that a refusal consists of."""
    assert result.exit_code == 2
    assert result.stdout == ""
    (sentence,) = result.stderr.strip().splitlines()
    return sentence


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--set", "haircuts=[1.5]"], "haircuts[0] is 1.5"),
        (["--set", "low_payoff=2"], "low_payoff is 2.0 and high_payoff is 1.15"),
        (["--set", "traderz=5"], 'did you mean "traders"?'),
        (["--set", "traders"], "is not an assignment"),
    ],
)
def test_a_bad_value_is_told_before_the_server_starts(
    words: list[str], said: str, started: list[tuple[object, ...]]
) -> None:
    assert said in refused(walras("serve", "margin-hike", *words))
    assert started == []


def test_an_unknown_scenario_is_told(started: list[tuple[object, ...]]) -> None:
    assert 'did you mean "margin-hike"?' in refused(walras("serve", "margin-hikes"))
    assert started == []


def test_a_lesson_opens_its_own_market(started: list[tuple[object, ...]]) -> None:
    assert walras("serve", "--lesson", "spirals", "--port", str(free_port())).exit_code == 0
    ((asked, *_),) = started
    assert isinstance(asked, serving.Asked)
    assert (asked.scenario, asked.lesson) == ("margin-spiral", "spirals")
    assert asked.given["experts_wealth"][:2] == [-4.3, -4.5]
    there = asked.linked("lesson=margins", asked.scenario)
    assert (there.scenario, there.lesson, there.given["market"]) == (
        "margin-hike",
        "margins",
        "short",
    )
    assert (
        asked.linked("scenario=exchange&beside=rule=plain", asked.scenario).beside == "rule=plain"
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "name a scenario to serve, or a lesson with --lesson"),
        (("--lesson", "margin"), 'did you mean "margins"?'),
        (("margin-hike", "--lesson", "margins"), "a lesson opens its own market"),
    ],
)
def test_a_lesson_that_can_not_be_opened_is_told(
    words: tuple[str, ...], said: str, started: list[tuple[object, ...]]
) -> None:
    assert said in refused(walras("serve", *words))
    assert started == []


def test_a_used_port_is_told(started: list[tuple[object, ...]]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = refused(walras("serve", "margin-hike", "--port", str(port)))
    assert f"can't listen on 127.0.0.1, port {port}: address already in use" in said
    assert started == []


def test_a_missing_extra_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "NEEDED", ("a_package_that_is_not_there",))
    said = refused(walras("serve", "margin-hike"))
    assert 'pip install "walras[browser]"' in said
    assert "make browser" in said


def test_what_was_asked_reaches_the_page(
    started: list[tuple[object, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    words = ["--set", "traders=50", "--set", "haircuts=[0.2]", "--seed", "4", "--port", str(port)]
    assert walras("serve", "margin-hike", *words).exit_code == 0
    ((asked, host, served, *_),) = started
    assert (host, served) == ("127.0.0.1", port)
    assert isinstance(asked, serving.Asked)
    monkeypatch.setenv(serving.VARIABLE, asked.to_environment())
    assert serving.Asked.from_environment("other") == asked
    monkeypatch.delenv(serving.VARIABLE)
    assert serving.Asked.from_environment("other") == serving.Asked("other")
