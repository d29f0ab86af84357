"""Promotions: coupons, and the uses of them that orders hold."""
