"""受注 – orders: their lines, their number, their history, and what a settled payment means for them."""
