"""The client that a machine uses.

No reply, a late one, another strip's, or one that is not wholly what an accept must be, is a reject: see
`is_accept`.
"""

from stripsight.client.accept import is_accept, regions_of
from stripsight.client.inspection import Client
from stripsight.client.messages import frame_message, png_message
from stripsight.client.service_error import ServiceError
from stripsight.client.stream import Answer, FrameStream

__all__ = ["Answer", "Client", "FrameStream", "ServiceError", "frame_message", "is_accept", "png_message", "regions_of"]
