"""Parameters whose simulated moves are nearest to observed ones."""
