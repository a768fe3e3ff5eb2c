"""The market for a bond that may not be repaid in full, and for equities."""
