"""Everything that can be set about the server: one frozen object, built in one place (the command line)."""

import ipaddress
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from stripsight.access.roles import Access
from stripsight.providers import ProviderChoice


class Address(NamedTuple):
    """A host name or IP address, and a port; port 0 lets the system choose."""

    host: str
    port: int

    def __str__(self) -> str:
        """Write it as it is given: host:port, an IPv6 address in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine reaches it. A name other than localhost may mean anything, so it is not."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def parse_address(text: str) -> Address:
    """Split "host:port" or "[v6 address]:port". Raises ValueError that says what was expected and found."""
    host, _, port = text.rpartition(":")
    bare = host.removeprefix("[").removesuffix("]")
    if not bare or (":" in bare and bare == host) or not (port.isascii() and port.isdecimal()):
        raise ValueError(f"expected host:port, found {text!r}")
    if int(port) > 65535:
        raise ValueError(f"expected a port from 0 to 65535, found {port}")
    return Address(bare, int(port))


def _is_address(text: str) -> str:
    parse_address(text)
    return text


def _is_database(secret: SecretStr) -> SecretStr:
    scheme, found, rest = secret.get_secret_value().partition("://")
    if not (scheme and found and rest):
        raise ValueError("expected dialect+driver://user@host/name, found no such address")
    return secret


# Where a Linux service keeps what outlives it; systemd's StateDirectory=stripsight makes the directory above.
DEFAULT_RECORD_DIR = Path("/var/lib/stripsight/records")

DatabaseUrl = Annotated[SecretStr, AfterValidator(_is_database)]  # it may hold a password
Listen = Annotated[str, AfterValidator(_is_address)]


class Settings(BaseSettings):
    """Settings of the server. Each can be given as STRIPSIGHT_<NAME> in the environment; an argument wins."""

    model_config = SettingsConfigDict(env_prefix="STRIPSIGHT_", frozen=True, extra="forbid")

    bundle: Path
    """Directory of the bundle to serve."""

    bundles: Path | None = None
    """Directory of bundles, each a directory of its own, that may take the place of the one served."""

    bundle_keys: Path | None = None
    """Public key that must have signed a bundle, or a directory of them, *.pub."""

    development_mode: bool = False
    """Whether bundles are served that no trusted key has signed. Never on a line that makes products."""

    listen: Listen = "127.0.0.1:50051"
    """Where the API answers, host:port."""

    metrics_listen: Listen = "127.0.0.1:9464"
    """Where the metrics answer over plain HTTP, host:port."""

    tls_cert: Path | None = None
    """The service's certificate, in PEM, with those between it and its CA. Read again when it changes."""

    tls_key: Path | None = None
    """The certificate's key, in PEM without a password."""

    tls_client_ca: Path | None = None
    """CA of those who may call, in PEM, one or several: a caller without a certificate of theirs gets no connection."""

    allow_plaintext: bool = False
    """Whether to listen beyond this machine without TLS: whoever reaches the port may then do everything."""

    provider: ProviderChoice = "cuda"
    """What to compute on. The CPU is used only where it is named; TensorRT must be installed beside."""

    tensorrt_cache: Path | None = None
    """Directory for what TensorRT builds, which takes minutes at each start without one."""

    keep_alive_ms: Annotated[int, Field(ge=0, le=10_000)] = 50
    """Pause between the frames that a GPU is given while no strip is there, so that it keeps its clock; 0 for none."""

    threads: Annotated[int, Field(ge=0, le=1024)] = 0
    """CPU threads of one inference; 0 for all that the process may use."""

    waiting: Annotated[int, Field(ge=0, le=64)] = 1
    """How many strips may wait while one is inspected, or be between their frames; the rest are refused at once."""

    slot_ms: Annotated[int, Field(ge=1, le=60_000)] | None = None
    """Longest time from request, or the last frame of a stream, to answer; the recipe's slot unless given."""

    stream_idle_ms: Annotated[int, Field(ge=1, le=600_000)] = 5000
    """Longest time without a further frame of a strip whose frames come one by one; then its call ends."""

    viewers: Annotated[int, Field(ge=0, le=1024)] = 32
    """How many may view inspections at once; the rest are refused."""

    record_dir: Path = DEFAULT_RECORD_DIR
    """Directory of the record and of the key that signs it; made when it is missing."""

    record_to: DatabaseUrl | None = None
    """Database that gets a copy of the record, such as postgresql+psycopg://user@host/name."""

    record_checkpoint_rows: Annotated[int, Field(ge=1, le=1_000_000)] = 100
    """How many records may follow one another without a signed checkpoint."""

    record_patrol_rows: Annotated[int, Field(ge=1, le=100_000)] = 10
    """How many records a second are verified again while the service runs, over and over."""

    picture_sample: Annotated[float, Field(ge=0, le=1)] = 0.01
    """Share of the accepted strips whose frames are kept as pictures; those of every rejected strip are."""

    picture_seed: Annotated[int, Field(ge=0)] = 1
    """Which accepted strips those are, together with their ids."""

    picture_days: Annotated[float, Field(gt=0, le=36_500)] = 30
    """How long a picture is kept."""

    picture_bytes: Annotated[int, Field(ge=0)] = 20_000_000_000
    """How much all pictures may take; the oldest go first. 0 keeps none."""

    disk_floor_bytes: Annotated[int, Field(ge=0)] = 250_000_000
    """What must be free where the record is, or strips are refused; pictures stop at twice as much. 0 never stops."""

    clock_step_ms: Annotated[int, Field(ge=1, le=60_000)] = 500
    """How far the wall clock may move against the monotonic one before it goes on record."""

    require_lot: bool = False
    """Whether strips are inspected only while their lot is open."""

    challenge_strips: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    """How many strips of an open lot may be judged before challenge strips run again; 0 for any number."""

    challenge_minutes: Annotated[float, Field(ge=0, le=10_080, allow_inf_nan=False)] = 60
    """How many minutes after the last run challenge strips run again in an open lot; 0 for never."""

    log_format: Literal["json", "console"] = "json"
    """One JSON object a line, or text for people."""

    @property
    def access(self) -> Access:
        """Who may call."""
        if self.tls_cert is not None:
            return Access.TLS
        return Access.LOOPBACK if parse_address(self.listen).is_loopback else Access.PLAINTEXT

    @model_validator(mode="after")
    def _tls_is_whole(self) -> Self:
        files = {"tls_cert": self.tls_cert, "tls_key": self.tls_key, "tls_client_ca": self.tls_client_ca}
        missing = [name for name, path in files.items() if path is None]
        if missing and len(missing) < len(files):
            raise ValueError(f"TLS takes {', '.join(files)} together, found none of {', '.join(missing)}")
        return self

    @model_validator(mode="after")
    def _plaintext_stays_here(self) -> Self:
        if self.access is Access.PLAINTEXT and not self.allow_plaintext:
            raise ValueError(
                f"without TLS the service listens on this machine only, and listen is {self.listen}: give tls_cert, "
                "tls_key and tls_client_ca, or, on a network that nobody else reaches, allow_plaintext"
            )
        return self
