"""What stands in the place of a file is refused, and is never waited for."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from markets.refused import Refused
from simulator import given_file
from simulator.given_file import check_file, read_text


def test_what_is_no_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # names of sockets are short
    os.mkfifo("pipe")
    Path("loop").symlink_to("loop")
    Path("gone").symlink_to("nothing")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
    found = {
        "pipe": "a device, pipe or socket, not a file",
        "socket": "a device, pipe or socket, not a file",
        "/dev/zero": "a device, pipe or socket, not a file",
        ".": "a folder, not a file",
        "gone": "No such file",
        "loop": "symbolic links",
        "a" * 300: "name too long",
        "a\0b": "no file can have such a name",
    }
    for name, said in found.items():
        for read in (check_file, read_text):
            with pytest.raises(Refused, match=said):
                read(Path(name))


def test_a_text_has_a_largest_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(given_file, "LARGEST_TEXT", 3)
    file = tmp_path / "values.txt"
    file.write_text("abc", encoding="utf-8")
    assert read_text(file) == "abc"
    file.write_text("abcd", encoding="utf-8")
    with pytest.raises(Refused, match="it has 4 bytes; at most 3 are allowed"):
        read_text(file)
    check_file(file)


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "values.txt"
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(Refused, match="it is not text in UTF-8"):
        read_text(file)
