"""Couriers, what they charge, which payment methods go with which of them; and postal codes."""
