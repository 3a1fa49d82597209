"""TLS of the API: certificates that may be replaced at any time, and callers who must have one."""

from collections.abc import Callable
from typing import cast

import grpc

from stripsight.certificates.load import Served


def credentials(current: Callable[[], Served], began: Callable[[], object]) -> grpc.ServerCredentials:
    """Return credentials that ask `current` at each new connection, and tell `began` of it.

    A caller without a certificate of the clients' CA gets no connection. Connections that stand keep what they have.
    """
    first = current()
    used = [first]

    def fetch() -> grpc.ServerCertificateConfiguration | None:
        began()
        served = current()
        if served is used[0]:
            return None
        used[0] = served
        return _configuration(served)

    # gRPC takes None for "unchanged"; its type stub does not know.
    fetcher = cast("Callable[[], grpc.ServerCertificateConfiguration]", fetch)
    return grpc.dynamic_ssl_server_credentials(_configuration(first), fetcher, require_client_authentication=True)


def _configuration(served: Served) -> grpc.ServerCertificateConfiguration:
    pair = (served.key, served.certificate)
    return grpc.ssl_server_certificate_configuration([pair], root_certificates=served.client_ca)
