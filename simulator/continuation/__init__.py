"""An equilibrium followed as a parameter moves: around folds and across changes of regime."""
