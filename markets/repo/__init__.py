"""The market for a security that is traded spot and in repo."""
