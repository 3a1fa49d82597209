"""The plain service's messages and stubs, made out of plain.proto when they are first needed."""

from typing import Any

import grpc
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

# The folder above this one is on the path of every process of the benchmark.
pb: Any
services: Any
pb, services = grpc.protos_and_services("plain/plain.proto")

OPTIONS = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]


def tensor(array: Floats) -> Any:
    """Write an array, float32 of any shape, as a Tensor."""
    return pb.Tensor(shape=array.shape, data=array.tobytes())


def array(message: Any) -> Floats:
    """Read a Tensor; the array cannot be written to."""
    return np.frombuffer(message.data, np.float32).reshape(tuple(message.shape))
