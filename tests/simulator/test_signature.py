"""Exported runs are signed, and signatures are checked, by OpenSSH."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

import walras
from markets.refused import Refused
from simulator.export import MANIFEST, seal
from simulator.exported import SIGNATURE, altered_files, read_manifest
from simulator.signature import sign, signed_by

KEYGEN = shutil.which("ssh-keygen")


def key_of(name: str, place: Path) -> Path:
    """A new key, and a file in which its owner may sign."""
    assert KEYGEN is not None
    key = place / name
    words = [KEYGEN, "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(key)]
    subprocess.run(words, check=True)
    public = key.with_suffix(".pub").read_text("utf-8").split()[:2]
    (place / f"{name}.signers").write_text(f"{name}@example.org {' '.join(public)}\n", "utf-8")
    return key


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return walras.run("exchange").export(tmp_path / "runs", plots=False)


@pytest.mark.skipif(KEYGEN is None, reason="OpenSSH is not installed")
def test_who_signed_a_run_is_told(run: Path, tmp_path: Path) -> None:
    alice, bob = key_of("alice", tmp_path), key_of("bob", tmp_path)
    signers = tmp_path / "alice.signers"
    with pytest.raises(Refused, match="is not signed"):
        signed_by(run, signers)
    assert sign(run, alice) == run / SIGNATURE
    assert altered_files(run, read_manifest(run)) == ()
    assert signed_by(run, signers) == "alice@example.org"
    with pytest.raises(Refused, match="not a signature by any of"):
        signed_by(run, tmp_path / "bob.signers")
    with pytest.raises(Refused, match="must be a file of names"):
        signed_by(run, tmp_path / "nobody")
    sign(run, bob)  # once more, by another
    assert signed_by(run, tmp_path / "bob.signers") == "bob@example.org"


@pytest.mark.skipif(KEYGEN is None, reason="OpenSSH is not installed")
def test_an_altered_manifest_is_not_what_was_signed(run: Path, tmp_path: Path) -> None:
    key = key_of("alice", tmp_path)
    sign(run, key)
    manifest = json.loads((run / MANIFEST).read_text("utf-8"))
    manifest["reason"] = "better"
    manifest["seal"] = seal(manifest)
    (run / MANIFEST).write_text(json.dumps(manifest), "utf-8")
    with pytest.raises(Refused, match="not a signature of this"):
        signed_by(run, tmp_path / "alice.signers")
    (run / "dates.csv").write_text("", "utf-8")
    with pytest.raises(Refused, match="is not signed"):
        sign(run, key)


@pytest.mark.skipif(KEYGEN is None, reason="OpenSSH is not installed")
def test_what_is_no_key_is_refused(run: Path, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="must be the file of a key"):
        sign(run, tmp_path / "nothing")
    (tmp_path / "text").write_text("no key", "utf-8")
    with pytest.raises(Refused, match="can't sign"):
        sign(run, tmp_path / "text")
    assert not (run / SIGNATURE).exists()


def test_without_openssh_that_is_said(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").write_text("", "utf-8")
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(Refused, match="ssh-keygen, which is not installed"):
        sign(run, tmp_path / "key")
