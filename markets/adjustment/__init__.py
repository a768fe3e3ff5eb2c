"""Rules that move quotes, one file per rule."""
