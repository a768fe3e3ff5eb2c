"""What a round costs, side by side with what a user would pick instead.

`make bench` (or ``python -m benchmarks``) measures, prints one report and keeps it in
``benchmarks/results``. Times depend on the machine, so that no test looks at them; ratios are
taken side by side in one run, from medians of repeats that take turns.
"""
