"""A document written to files."""

from __future__ import annotations

import tempfile
from pathlib import Path

from simulator.document.document import Document
from simulator.document.paper import to_pdf
from simulator.document.web import to_html


def write(document: Document, folder: Path, name: str) -> tuple[Path, Path]:
    """Write ``<name>.html`` and ``<name>.pdf`` to a folder, each complete or not at all.

    Returns
    -------
    tuple of pathlib.Path
        The HTML file and the PDF file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    contents = {
        folder / f"{name}.html": to_html(document).encode(),
        folder / f"{name}.pdf": to_pdf(document),
    }
    with tempfile.TemporaryDirectory(prefix=".walras-", dir=folder) as temporary:
        for path, content in contents.items():
            fresh = Path(temporary) / path.name
            fresh.write_bytes(content)
            fresh.replace(path)
    html, pdf = contents
    return html, pdf
