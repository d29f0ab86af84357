"""会員 – who they are, how they prove it, where their goods go. Knows no order and no payment."""
