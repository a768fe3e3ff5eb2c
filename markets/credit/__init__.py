"""Markets for goods and for pooled credit on an event tree."""
