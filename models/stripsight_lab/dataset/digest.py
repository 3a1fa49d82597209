"""What a picture shows, in 16 bytes: to find it again in another kit."""

import hashlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray


def picture_digest(picture: NDArray[np.uint8]) -> bytes:
    """16 bytes that two pictures share only if they are the same to the pixel (BLAKE2b of size and pixels)."""
    size = ",".join(map(str, picture.shape)).encode()
    return hashlib.blake2b(np.ascontiguousarray(picture).data, digest_size=16, person=size[:16]).digest()


def picture_digests(pictures: Iterable[NDArray[np.uint8]]) -> Iterable[bytes]:
    """The digest of each of `pictures`, one at a time: any iterable, an array [N, P, P] or a lazily read one."""
    return map(picture_digest, pictures)
