"""Markets for assets that are funded from one pool of capital."""
