"""Races, faults and the scheduler: many buyers at once against real workers, with the simulator's ledger as oracle."""
