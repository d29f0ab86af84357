"""The pages in a real browser: the machine's own Chromium, the shop on 127.0.0.1, the provider on localhost."""
