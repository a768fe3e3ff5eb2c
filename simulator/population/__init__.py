"""Members of a cohort that a user brings: a table of them, or distributions to draw them from."""
