"""Products, their variants, and the stock each variant has: on hand, allocated to orders, held for payments."""
