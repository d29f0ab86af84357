"""`make bench`: speed against floors that are fixed, on the same server and workers (decision 36)."""
