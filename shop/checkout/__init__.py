"""Cart, quote, confirmation and placement – the way from a filled cart to an operation on the ledger. Knows no web."""
