"""Which seeds detection is tuned on, and on which others it is judged. They never meet."""

TUNING_SEEDS = range(20)
REPORTING_SEEDS = range(1000, 1012)
