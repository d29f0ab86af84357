"""Answers of an authorization, for tests that name no provider."""

#: Time-out, internal fault, a class of codes nobody has heard of: no refusal, until somebody has looked.
DOUBTFUL = ("K96", "K98", "Z99")
REFUSING = ("G55", "G44", "C17", "K68", "KI5|G12")
