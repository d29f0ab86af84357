"""The shop as a business: domain packages by capability, and the buyer's pages in ``shop.web``."""
