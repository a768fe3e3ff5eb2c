"""``python -m walras`` is the command ``walras``."""

from walras.entry import entered


def main() -> None:
    """Entry point of the command; it listens to signals before it loads anything."""
    with entered():
        from walras.command import app

        app()


if __name__ == "__main__":
    main()
