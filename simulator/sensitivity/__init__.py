"""How much quotes and read-outs change with the parameters: at one equilibrium, or over a range."""
