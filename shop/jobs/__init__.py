"""Work that is due without a visitor: election of a leader, the runner, and the list of jobs."""
