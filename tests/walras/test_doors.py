"""Bad input at every door ends in one sentence: values of parameters, words, files and streams."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import walras
from markets.refused import LONGEST, Refused
from simulator.parameters import Parameters, parse, parse_assignment
from walras.catalogue import TITLES
from walras.command import app
from walras.serving import Asked

ROOT = Path(__file__).resolve().parents[2]

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([10**30, 10**4000, -(10**4000)]),
    st.floats(),
    st.sampled_from([1e308, 1e-320, -1e308]),
    st.text(st.characters(exclude_categories=()), max_size=20),
    st.sampled_from(
        ["/dev/zero", "a" * 300, "\udcff", "a\0b", "9/0", "empirical(file=/, column=x)"]
    ),
    st.binary(max_size=5),
    st.builds(object),
)
VALUES = st.recursive(
    SCALARS,
    lambda inside: st.one_of(
        st.lists(inside, max_size=4), st.dictionaries(st.text(max_size=5), inside, max_size=3)
    ),
    max_leaves=8,
)


@cache
def fields() -> list[tuple[type[Parameters], str, Any]]:
    """Parameters of all scenarios, with what each is unless given."""
    models = [walras.find(name).parameters for name in TITLES]
    return [
        (model, key, like)
        for model in models
        for key, like in model().model_dump(mode="json").items()
    ]


def harmed(whole: Any, path: list[int], value: Any) -> Any:
    """A value with a place in it replaced; the path says where, as far as there is something."""
    if not path or not isinstance(whole, (list, dict)) or not whole:
        return value
    keys = list(whole) if isinstance(whole, dict) else range(len(whole))
    key: Any = keys[path[0] % len(whole)]
    copy: Any = dict(whole) if isinstance(whole, dict) else list(whole)
    copy[key] = harmed(whole[key], path[1:], value)
    return copy


def check(error: Refused) -> None:
    assert str(error).isprintable()
    assert 10 <= len(str(error)) <= LONGEST


@given(st.data(), st.lists(st.integers(0, 20), max_size=4), VALUES)
def test_a_value_of_any_parameter_is_taken_or_refused_in_a_sentence(
    data: st.DataObject, path: list[int], value: Any
) -> None:
    model, key, like = data.draw(st.sampled_from(fields()))
    try:
        parse(model, {key: harmed(like, path, value)})
    except Refused as error:
        check(error)


@given(st.text(st.characters(exclude_categories=()), max_size=60))
def test_an_assignment_is_read_or_refused_in_a_sentence(text: str) -> None:
    try:
        parse_assignment(f"x={text}")
    except Refused as error:
        check(error)


@given(st.text(max_size=80))
def test_a_link_is_read_or_refused_in_a_sentence(query: str) -> None:
    try:
        linked = Asked("margin-hike").linked(f"haircuts={query}", "margin-hike")
        parse(walras.find(linked.scenario).parameters, linked.given, code=())
    except Refused as error:
        check(error)


def test_lists_inside_each_other_are_refused() -> None:
    deep: Any = 1.0
    for _ in range(1000):
        deep = [deep]
    inside: list[Any] = []
    inside.append(inside)
    model = walras.find("credit-tree").parameters
    for key in ("nodes", "start", "rental"):
        for value in (deep, {"a": deep}, inside, [inside, inside]):
            with pytest.raises(Refused, match=f"{key} has lists or tables inside each other"):
                parse(model, {key: value})


def refused(*words: str) -> str:
    """What the command says, which is one sentence."""
    result = CliRunner().invoke(app, list(words))
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert result.stderr.startswith("walras: ")
    assert result.stderr.count("\n") == 1
    assert len(result.stderr) <= 301
    return result.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("run",), "missing argument"),
        (("nothing",), "no such command 'nothing'"),
        (("run", "exchange", "--bogus"), "no such option"),
        (("run", "exchange", "--seed", "x"), "'--seed'"),
        (("run", "exchange", "--seed", "-1"), "'--seed'"),
        (("run", "exchange", "--set", "start=" + "[" * 1000), "start is [[["),
        (("run", "exchange", "--set", "x" * 10_000), "is not an assignment"),
        (("run", "exchange", "--set", "members=" + "a" * 300), "it must be the name of a file"),
        (("run", "a" * 5000 + ".toml"), "File name too long"),
        (("run", "a" * 5000), "is not a scenario"),
        (("run", "exchange", "--out", "/proc/below/this"), "can't be written to"),
        (("run", "exchange", "--out", "a" * 300), "File name too long"),
        (("new", "a" * 300 + "/b.py"), "can't be written (File name too long"),
        (("sweep", "exchange", "step=@/dev/zero"), "a device, pipe or socket"),
        (("sweep", "exchange", "step=" + "[" * 1000 + "]" * 1000), "step"),
        (
            ("fit", "exchange", "--to", "/dev/zero", "--free", "step=1:2"),
            "a device, pipe or socket",
        ),
        (("run", "exchange", "--code", "/dev/zero"), "a device, pipe or socket"),
        (("run", "/dev/zero/x.py"), "Not a directory"),
        pytest.param(
            ("serve", "exchange", "--host", "b" * 300),
            "can't listen",
            marks=pytest.mark.skipif(not find_spec("solara"), reason="needs the extra `browser`"),
        ),
        (("run", "\udcff\udcfe"), "is not a scenario"),
    ],
)
def test_words_that_cannot_be_used_are_refused(words: tuple[str, ...], said: str) -> None:
    assert said in refused(*words)


def test_a_loop_of_links_is_refused(tmp_path: Path) -> None:
    loop = tmp_path / "loop.py"
    loop.symlink_to(loop)
    for words in (("run", str(loop)), ("run", "exchange", "--code", str(loop))):
        assert "symbolic links" in refused(*words)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = " + "[" * 100_000, "is not TOML"),
        ("x = " + "9" * 5000, "is not TOML"),
        (f"scenario = 'exchange'\n[parameters]\n{'.'.join('a' * 1000)} = 1", "inside each other"),
    ],
)
def test_a_file_of_brackets_digits_or_dots_is_refused(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "given.toml"
    file.write_text(text, encoding="utf-8")
    assert said in refused("run", str(file))


def test_a_link_of_brackets_is_refused() -> None:
    with pytest.raises(Refused, match="is not TOML"):
        Asked("margin-hike").linked("haircuts=" + "[" * 100_000, "margin-hike")


def test_without_a_command_the_help_is_shown() -> None:
    result = CliRunner().invoke(app, [])
    assert result.exit_code == 0
    assert "sensitivities" in result.stdout


def apart(streams: str, *words: str) -> subprocess.CompletedProcess[str]:
    """The command with other streams, by a shell."""
    command = ("sh", "-c", f'exec "$@" {streams}', "sh", sys.executable, "-m", "walras", *words)
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )


@pytest.mark.parametrize(
    ("streams", "said"),
    [
        (">&-", "walras: standard output is closed; results are printed there\n"),
        (">/dev/full", "walras: results can't be written or read: no space left on device\n"),
    ],
)
def test_output_that_cannot_be_written_ends_in_a_sentence(streams: str, said: str) -> None:
    ended = apart(streams, "--version")
    assert (ended.returncode, ended.stderr) == (2, said)


@pytest.mark.parametrize("words", [("--help",), ("--version",)])  # by rich, and by print
def test_a_reader_that_leaves_early_is_told_nothing(words: tuple[str, ...]) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write) as unread:
        ended = subprocess.run(
            [sys.executable, "-m", "walras", *words],
            stdout=unread,
            stderr=subprocess.PIPE,
            cwd=ROOT,
            check=False,
        )
    assert (ended.returncode, ended.stderr) == (141, b"")
