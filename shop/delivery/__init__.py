"""Couriers, what they charge, and which payment methods go with which of them."""
