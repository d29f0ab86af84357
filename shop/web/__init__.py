"""The buyer's front end: pages, forms, security, and the two doors for providers (notice and, later, return)."""
