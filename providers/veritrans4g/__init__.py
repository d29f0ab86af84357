"""ベリトランス4G (VeriTrans4G) on cards, with 3-D Secure 2 and PayNowID. See README.md for sources, limits and what is inferred."""
