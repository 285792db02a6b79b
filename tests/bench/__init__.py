"""Speed, measured as ratios of runs taken in turn. `make bench` prints the table."""
