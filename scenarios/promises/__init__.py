"""Collateral equilibrium: Brunnermeier, Eisenbach and Sannikov, section 3.3."""
