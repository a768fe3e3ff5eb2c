"""Python files of the user's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from markets.refused import Refused, first_line
from simulator.code_file import CodeFile, execute, line_in


def test_a_file_is_executed_once_in_a_process(tmp_path: Path) -> None:
    path = tmp_path / "counts.py"
    path.write_text("made = object()\n", encoding="utf-8")
    assert execute(path).made is execute(tmp_path / "." / "counts.py").made


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1\ny = (\n", "line 2: '(' was never closed"),
        ("x = 1\n1 / 0\n", "line 2: ZeroDivisionError: division by zero"),
        ("import no_such_module\n", "line 1: ModuleNotFoundError: No module named"),
        ("raise SystemExit\n", "line 1: SystemExit"),
    ],
)
def test_a_file_that_fails_is_named_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / f"wrong{abs(hash(text))}.py"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Refused) as refused:
        execute(path)
    assert said in str(refused.value)
    assert path.name in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_missing_file_and_one_that_was_not_named_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="No such file"):
        execute(tmp_path / "gone.py")
    path = tmp_path / "here.py"
    path.write_text("raise RuntimeError('executed')\n", encoding="utf-8")
    with pytest.raises(Refused, match="name it on the command line: --code"):
        CodeFile(path, named=False).module()


def test_the_line_of_an_error_is_the_last_in_the_file() -> None:
    def fails() -> None:
        raise ValueError("first\nsecond")

    with pytest.raises(ValueError, match="first") as raised:
        fails()
    assert line_in(raised.value, Path(__file__)) == fails.__code__.co_firstlineno + 1
    assert line_in(raised.value, Path("/elsewhere.py")) is None
    assert first_line(raised.value) == "first"
