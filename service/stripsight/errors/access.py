"""Who may not do what, and certificates that cannot be used."""

from stripsight.errors.base import StripsightError


class AccessRefused(StripsightError):
    """A caller that may not do what it asks for; the subclasses say why."""

    reason = "ACCESS_REFUSED"


class RoleMissing(AccessRefused):
    """The caller's certificate holds none of the roles that the method needs."""

    reason = "ROLE_MISSING"


class CallerExpired(AccessRefused):
    """The caller's certificate has expired since it connected."""

    reason = "CALLER_CERTIFICATE_EXPIRED"


class CertificateError(StripsightError):
    """Files of the service's own certificate, its key or the clients' CA that cannot be used."""

    reason = "CERTIFICATE_INVALID"
