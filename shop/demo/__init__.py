"""The demo shop つきのわ商店: goods, texts and drawings that make a fresh installation look lived in."""
