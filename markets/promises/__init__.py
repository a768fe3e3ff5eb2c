"""Markets for an asset and for promises that are backed by collateral."""
