"""管理者 – staff accounts, their passwords and their revocable sessions."""
