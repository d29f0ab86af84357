"""Answers of an authorization, for tests that name no provider."""

#: Time-out, system error, a code nobody has heard of: no refusal, until the provider was asked.
DOUBTFUL = ("2008", "E001", "9999")
REFUSING = ("2001", "2002", "2016", "P010", "2054")
