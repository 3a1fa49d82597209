"""What is wrong with those who may look at the operator page."""

from stripsight.errors.base import StripsightError


class LoginError(StripsightError):
    """A user, a password or the file of users that cannot be taken."""

    reason = "LOGIN_INVALID"
