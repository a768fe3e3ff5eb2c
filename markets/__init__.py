"""What is traded and how a quote moves."""
