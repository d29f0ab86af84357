"""Who the buyer is, if they have logged in. Asked once a request, and only by pages that need it."""

from flask import session
from flask_login import UserMixin, current_user

from shop.core.db import db
from shop.core.runtime import now
from shop.members import sessions
from shop.members.sessions import Identity

_KIND = "member:"


class MemberUser(UserMixin):
    """Flask-Login's view of a member's session. Its id is the session's token, never the member's number."""

    def __init__(self, token: str, identity: Identity) -> None:
        self.token = token
        self.identity = identity

    def get_id(self) -> str:
        return _KIND + self.token


def load_user(user_id: str) -> MemberUser | None:
    """The member of a cookie, if the session behind it lives."""
    if not user_id.startswith(_KIND):
        return None
    token = user_id.removeprefix(_KIND)
    identity = sessions.find(db.session(), token, now())
    return MemberUser(token, identity) if identity else None


def current_member() -> Identity | None:
    """The member who is logged in. Costs a visitor without a log-in no statement."""
    if "_user_id" not in session:
        return None
    return current_user.identity if isinstance(current_user, MemberUser) else None
