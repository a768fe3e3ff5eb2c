"""``python -m walras`` is the command ``walras``."""

from walras.command import main

main()
