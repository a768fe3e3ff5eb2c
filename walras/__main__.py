"""``python -m walras`` is the command ``walras``."""

import sys
import warnings

from walras.entry import entered


def main() -> None:
    """Entry point of the command; it listens to signals before it loads anything.

    What libraries warn of is for who develops with ``-W``.
    """
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    with entered():
        from walras.command import app

        app()


if __name__ == "__main__":
    main()
