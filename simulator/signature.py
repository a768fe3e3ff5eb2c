"""Signatures of exported runs, by OpenSSH: the signed manifest has the digests of all files."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from markets.refused import Refused, on_one_line
from simulator.export import MANIFEST
from simulator.exported import SIGNATURE, altered_files, read_manifest, unreadable

NAMESPACE: Final = "walras"
"""What a signature is for, so that none made for other files or mail is taken for one."""

MOST: Final = 2**20
"""Bytes of the largest signature that is read."""


def sign(folder: Path, key: Path) -> Path:
    """Sign the manifest of an exported run, unless files of it were altered.

    Parameters
    ----------
    folder : pathlib.Path
        An exported run.
    key : pathlib.Path
        A private key of OpenSSH, or a public one whose private key an agent has.

    Returns
    -------
    pathlib.Path
        The signature, beside the manifest.

    Raises
    ------
    Refused
        If it can't be signed, or not be written.
    """
    manifest = read_manifest(folder)
    altered = altered_files(folder, manifest)
    if altered:
        raise Refused(f"{folder} was altered ({altered[0]}), and is not signed")
    if not key.is_file():
        raise Refused(f"key is {key}; it must be the file of a key that ssh-keygen made")
    signed = _keygen("sign", "-f", str(key), text=(folder / MANIFEST).read_bytes())
    if signed.returncode != 0:
        raise Refused(f"{key} can't sign: {_said(signed)}")
    target = folder / SIGNATURE
    try:
        with tempfile.TemporaryDirectory(prefix=".walras-", dir=folder.resolve().parent) as place:
            fresh = Path(place) / SIGNATURE
            fresh.write_bytes(signed.stdout)
            fresh.replace(target)
    except OSError as error:
        raise Refused(f"{target} can't be written: {error.strerror}") from None
    return target


def signed_by(folder: Path, signers: Path) -> str:
    """Who of some signers signed an exported run.

    Parameters
    ----------
    folder : pathlib.Path
        An exported run.
    signers : pathlib.Path
        Names and public keys, in the format of OpenSSH's ``allowed_signers``.

    Returns
    -------
    str
        The signer's name in that file.

    Raises
    ------
    Refused
        If there is no signature, it is none of theirs, or the manifest was altered after it.
    """
    signature = folder / SIGNATURE
    wrong = unreadable(signature, MOST)
    if wrong == "missing":
        raise Refused(f"{folder} is not signed: it has no {SIGNATURE}")
    if wrong:
        raise Refused(f"{signature} can't be read: {wrong}")
    if not signers.is_file():
        raise Refused(f"signers is {signers}; it must be a file of names and public keys")
    manifest = (folder / MANIFEST).read_bytes()
    files = ("-s", str(signature), "-f", str(signers))
    found = _keygen("find-principals", *files, text=b"")
    name = found.stdout.decode(errors="replace").partition("\n")[0].strip()
    if found.returncode != 0 or not name:
        raise Refused(f"{signature} is not a signature by any of {signers}")
    checked = _keygen("verify", "-I", name, *files, text=manifest)
    if checked.returncode != 0:
        raise Refused(f"{signature} is not a signature of this {MANIFEST}, which was altered")
    return on_one_line(name, 100, 20)


def _keygen(what: str, *words: str, text: bytes) -> subprocess.CompletedProcess[bytes]:
    """Ask OpenSSH for a signature, or about one."""
    program = shutil.which("ssh-keygen")
    if program is None:
        raise Refused("signatures need ssh-keygen, which is not installed (it is part of OpenSSH)")
    return subprocess.run(  # noqa: S603 - of words that are ours and paths, without a shell
        [program, "-Y", what, *words, "-n", NAMESPACE], input=text, capture_output=True, check=False
    )


def _said(ended: subprocess.CompletedProcess[bytes]) -> str:
    """The last line of what a program said."""
    lines = ended.stderr.decode(errors="replace").strip().splitlines()
    return on_one_line(lines[-1], 100, 20) if lines else "it gives no reason"
