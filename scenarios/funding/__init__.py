"""Margin spirals: Brunnermeier, Eisenbach and Sannikov, section 3.2."""
