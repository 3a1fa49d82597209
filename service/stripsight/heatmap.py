"""Where a patch differs from its reconstruction, as heat (the render step). Pure."""

import cv2
import numpy as np
from numpy.typing import NDArray

_RADIUS = 5  # of the 11 x 11 SSIM window
_KERNEL = cv2.getGaussianKernel(2 * _RADIUS + 1, 1.5, cv2.CV_32F)
_C1, _C2 = 0.01**2, 0.03**2

Heat = NDArray[np.float32]


def minmax(patch: NDArray[np.uint8], reconstruction: NDArray[np.uint8]) -> Heat:
    """Return the paper's heatmap (eq. 10, 11): abs(X - X^) stretched to 0 .. 1, as float32 [P, P].

    Its hottest pixel is 1 for any patch, a good one too: it says where, not how much. Equals give zeros.
    """
    difference = cv2.absdiff(patch, reconstruction).astype(np.float32)
    low, high = float(difference.min()), float(difference.max())
    return (difference - low) / (high - low) if high > low else np.zeros_like(difference)


def anomaly_map(patch: NDArray[np.uint8], reconstruction: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return D = 1 - SSIM at each place of the window, float32 [P-10, P-10], 0 .. 2; its mean is the score.

    With s = x + y and d = x - y, D = u + v - uv, where u = 2 mean(d)^2 / (mean(s)^2 + mean(d)^2 + 2 C1) and
    v = 2 var(d) / (var(s) + var(d) + 2 C2): the SSIM of eq. 9, without the difference of two near ones.
    """
    x = patch.astype(np.float32) / np.float32(255)
    y = reconstruction.astype(np.float32) / np.float32(255)
    s, d = x + y, x - y
    a, b = _windowed(s) ** 2, _windowed(d) ** 2
    p, q = _windowed(s * s) - a, _windowed(d * d) - b
    u, v = 2 * b / (a + b + 2 * _C1), 2 * q / (p + q + 2 * _C2)
    return np.maximum(u + v - u * v, 0)


def anchored(patch: NDArray[np.uint8], reconstruction: NDArray[np.uint8], threshold: float) -> Heat:
    """Return a heatmap anchored on the region's threshold t: float32 [P, P], 0 .. 1, "hot" above 0.5.

    With D = `anomaly_map`, whose mean is the score s, and h the level where hot begins:

        heat = min(1, D / 2h),   h such that mean(min(D, h)) = t    for s >= t  (rejected)
                                 h = max(D) * t / s                 for s <  t  (accepted)

    A rejected patch is hot exactly where it must be better, and by as much: with D cut at h its score is t.
    An accepted patch is nowhere hot; its warmest pixel, s / 2t, says how near it came. Both meet at s = t.
    The 5 px border, which the score does not look at, repeats its neighbours.
    """
    anomaly = anomaly_map(patch, reconstruction)
    score, largest = float(anomaly.mean(dtype=np.float64)), float(anomaly.max())
    if largest == 0:
        return np.zeros(patch.shape, np.float32)
    level = _level(anomaly, threshold) if score >= threshold else largest * threshold / score
    return np.pad(np.minimum(anomaly / np.float32(2 * level), np.float32(1)), _RADIUS, mode="edge")


def mapped(anomaly: NDArray[np.float32], threshold: float) -> Heat:
    """Return a heatmap of a map whose largest value is the score: float32 [M, M], 0 .. 1, as `anomaly`.

    `anomaly` is 0 or above. The heat is anomaly / 2t for the region's threshold t, at most 1: a place is hot, from 0.5,
    exactly where it alone rejects the patch.
    """
    return np.asarray(np.minimum(anomaly / np.float32(2 * threshold), np.float32(1)), np.float32)


def _windowed(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the Gaussian mean of each 11 x 11 window that lies inside."""
    means = np.asarray(cv2.sepFilter2D(image, cv2.CV_32F, _KERNEL, _KERNEL), np.float32)
    return means[_RADIUS:-_RADIUS, _RADIUS:-_RADIUS]


def _level(anomaly: NDArray[np.float32], threshold: float) -> float:
    """Return h with mean(min(D, h)) = threshold, for a D >= 0 whose mean is at least that."""
    values = np.sort(anomaly, axis=None).astype(np.float64)
    here_and_above = values.size - np.arange(values.size)
    below_sum = np.cumsum(values) - values
    budget = threshold * values.size
    # The budget ends at the first value which, with all above it cut to it, would use it up.
    place = min(int(np.searchsorted(below_sum + here_and_above * values, budget)), values.size - 1)
    return float((budget - below_sum[place]) / here_and_above[place])
