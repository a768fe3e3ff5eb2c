"""Files of members as users bring them to the command: what works, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from walras.command import app

HIKE = ("margin-hike", "members", ("haircuts=[0.1]",))
SPIRAL = ("margin-spiral", "experts", ("experts_wealth=[-4.6]",))
PLEDGE = ("pledgeability", "members", ("days=5",))
CREDIT = ("credit-tree", "members", ())

Of = tuple[str, str, tuple[str, ...]]


def run(of: Of, text: str | bytes, folder: Path) -> Result:
    scenario, parameter, settings = of
    path = folder / "table.csv"
    path.write_bytes(text.encode("utf-8") if isinstance(text, str) else text)
    given = [word for setting in settings for word in ("--set", setting)]
    words = ["run", scenario, "--set", f"{parameter}={path}", *given, "--quiet", "--no-plots"]
    return CliRunner().invoke(app, [*words, "--no-studies", "--out", str(folder / "runs")])


@pytest.mark.parametrize(
    ("of", "text"),
    [
        (HIKE, "\ufeffname;belief;cash\r\nZug;0,3;1\r\nBern;0,6;3,5\r\n"),
        (HIKE, 'belief,cash,name\n"0.3", 1.0,"Zug, Stadt"\n0.6,3.5,Bern\n'),
        (SPIRAL, "\ufeffname;cash;endowment\r\nUri;-2,0;0,4\r\nZug;-2,5;0,3\r\n"),
        (SPIRAL, "name\nalone\n"),
        (PLEDGE, "\ufeffname;access;wealth\r\nUri;spot;0,9\r\nZug;repo;0,05\r\n"),
        (CREDIT, "\ufeffname;like;scale\r\nUri;P;1,5\r\nZug;Q;0,5\r\n"),
    ],
)
def test_tables_of_many_programs_are_read(of: Of, text: str, tmp_path: Path) -> None:
    result = run(of, text, tmp_path)
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize(
    ("of", "text", "said"),
    [
        (HIKE, "name,belief\nZug,0.3\nZug,0.6\n", "row 2: name Zug is there twice"),
        (HIKE, "name,belief\nZug,0.3\nBern,\n", "row 2: belief is empty"),
        (HIKE, "name,belief\nZug,0.3\n,0.5\n", "row 2: name is empty"),
        (HIKE, "name,belief\nZug,0.3\n", "at least two traders"),
        (HIKE, "name,belief\n", "has no rows"),
        (HIKE, "name,belief,belief\nZug,0.3,0.4\n", "two columns named belief"),
        (HIKE, "name;belief\nZug;0,3\nBern;0,x\n", "row 2: belief is 0,x"),
        (HIKE, b"\xff\xfen\x00a\x00m\x00e\x00", "not text in UTF-8"),
        (SPIRAL, "name,cash\nUri,-2\nUri,-2\n", "row 2: name Uri is there twice"),
        (SPIRAL, "name,cash\nUri,-2\nZug,\n", "row 2: cash is empty"),
        (SPIRAL, "name,chash\nUri,-2\n", 'did you mean "cash"'),
        (PLEDGE, "name,access\nUri,spot\nZug,\n", "row 2: access is empty"),
        (PLEDGE, "access\nspot\n", "no investor whose access is repo"),
        (CREDIT, "name,like\nUri,P\nZug,X\n", "row 2: like is X; it must be P or Q"),
        (CREDIT, "name,scale\nUri,1\nZug,0\n", "row 2: scale is 0"),
    ],
)
def test_what_can_not_be_used_is_one_sentence(
    of: Of, text: str | bytes, said: str, tmp_path: Path
) -> None:
    result = run(of, text, tmp_path)
    assert result.exit_code == 2, result.output
    assert said in " ".join(result.output.split())
    assert "Traceback" not in result.output
    assert not (tmp_path / "runs").exists()
