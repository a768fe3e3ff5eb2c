"""Pledgeable securities whose prices reveal what investors know: Ramirez."""
