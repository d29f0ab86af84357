"""Answers of an authorization, for tests that name no provider."""

#: Outcome unknown in so many words, a time-out, a class of codes nobody has heard of: no refusal, until somebody has looked.
DOUBTFUL = ("KH0", "K96", "Z99")
REFUSING = ("G55", "G44", "C17", "K68", "KI5|G12")
