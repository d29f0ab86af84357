"""The pages as HTTP clients meet them: what they show, what they refuse, and what they never say."""
