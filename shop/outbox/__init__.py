"""Mail as rows: written in the transaction that made it due, sent afterwards, at least once."""
