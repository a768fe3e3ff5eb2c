"""The commands of ``walras``."""
