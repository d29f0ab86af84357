"""Answers of an authorization, for tests that name no provider."""

#: A word of its own tells success from failure: no code leaves it open.
DOUBTFUL = ()
REFUSING = ("AG33", "AG41", "NZ12", "MA99", "ZZ99")
