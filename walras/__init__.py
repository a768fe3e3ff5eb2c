"""Markets with collateral, margins and default: the public API."""
