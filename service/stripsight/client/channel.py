"""The connection to a service, plain or by TLS: every client of the API opens it here."""

from pathlib import Path

import grpc

from stripsight.client.service_error import ServiceError

CA, CERTIFICATE, KEY = "ca.crt", "tls.crt", "tls.key"  # as in a Kubernetes secret of the type tls

_OPTIONS = [
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    # A service that was started anew is found within a second; left alone, waits grow to two minutes.
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.enable_http_proxy", 0),  # an inspection never takes the way round that the environment may name
]


def open_channel(target: str, tls: Path | None = None) -> grpc.Channel:
    """Return a channel to `target`, host:port, that connects when the first call is made.

    `tls` is a folder: ca.crt, who signed the service's certificate; tls.crt and tls.key, who calls. It is read now, so
    a renewed certificate needs a new channel. Raises ServiceError when a file cannot be read. None is plain text.
    """
    if tls is None:
        return grpc.insecure_channel(target, options=_OPTIONS)
    ca, certificate, key = (_read(tls / name) for name in (CA, CERTIFICATE, KEY))
    return grpc.secure_channel(target, grpc.ssl_channel_credentials(ca, key, certificate), options=_OPTIONS)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        message = f"{path}: expected a folder with {CA}, {CERTIFICATE} and {KEY}, found: {error.strerror}"
        raise ServiceError("UNAVAILABLE", "CERTIFICATE_UNREADABLE", message) from error
