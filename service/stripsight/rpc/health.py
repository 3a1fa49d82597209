"""What grpc.health.v1 says of each service."""

from grpc_health.v1 import health, health_pb2
from grpc_health.v1.health import HealthServicer

# No service of the API: whether the inspection lane moves, for a supervisor that asks. A stuck one needs a new start.
LANE = "stripsight.lane"

_STATES = health_pb2.HealthCheckResponse


class Health:
    """The health of the whole and of each service. All are NOT_SERVING until told otherwise."""

    def __init__(self, inspecting: str, others: tuple[str, ...]) -> None:
        """`inspecting` is the full name of the service that inspects, whose health is that of the whole.

        `others` are those that answer as long as the server listens.
        """
        self.servicer = HealthServicer()
        self._inspecting = (health.OVERALL_HEALTH, inspecting)
        self._others = others
        self._set((*self._inspecting, *others, LANE), serving=False)

    def listening(self) -> None:
        """Say that all but inspections are answered."""
        self._set((*self._others, LANE), serving=True)

    def lane(self, moves: bool) -> None:
        """Say whether the inspection lane moves."""
        self._set((LANE,), serving=moves)

    def inspecting(self, serving: bool) -> None:
        """Say whether strips are inspected."""
        self._set(self._inspecting, serving=serving)

    def stopping(self) -> None:
        """Say NOT_SERVING of everything, from now on for good."""
        self.servicer.enter_graceful_shutdown()

    def _set(self, services: tuple[str, ...], *, serving: bool) -> None:
        for service in services:
            self.servicer.set(service, _STATES.SERVING if serving else _STATES.NOT_SERVING)
