"""Connections to payment providers: a pure library. Knows neither Flask nor the database nor the shop."""
