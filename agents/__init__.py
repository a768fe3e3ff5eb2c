"""Who trades: cohorts of traders, and the clearing house."""
