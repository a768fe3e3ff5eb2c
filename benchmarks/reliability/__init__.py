"""What is tried to break walras, how often, and what failed."""
