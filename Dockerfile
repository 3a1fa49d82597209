# The service without training code and without torch. One build argument says what it computes on:
#
#   docker build --build-arg PROVIDER=cpu .     no CUDA libraries
#   docker build --build-arg PROVIDER=cuda .    CUDA 13 and cuDNN 9 as wheels; see docs/decisions/0006
#   docker build --build-arg PROVIDER=hmi .     the operator page, whose command is `stripsight hmi`
#
# tests/deploy/test_image.py runs the RUN steps below in a fresh environment.

FROM python:3.11.14-slim-bookworm AS build
WORKDIR /src
RUN python -m venv --without-pip /opt/stripsight

# First, because they change seldom. Every file is pinned by its hash, and nothing is built from source.
ARG PROVIDER=cpu
COPY deploy/requirements/ deploy/requirements/
RUN --mount=type=cache,target=/root/.cache/pip \
    pip --python /opt/stripsight install --require-hashes --only-binary=:all: \
    --requirement "deploy/requirements/${PROVIDER}.txt"

# `pip check` fails when the pinned files are not what pyproject.toml asks for.
COPY pyproject.toml README.md ./
COPY service/ service/
RUN --mount=type=cache,target=/root/.cache/pip \
    pip wheel --no-deps --wheel-dir /dist . \
    && pip --python /opt/stripsight install --no-deps --no-index /dist/*.whl \
    && pip --python /opt/stripsight check

# Becomes the place of the record, which the service's user may write; a new volume takes over its owner.
RUN mkdir /opt/records


FROM python:3.11.14-slim-bookworm
ARG PROVIDER=cpu
ARG REVISION=unknown
LABEL org.opencontainers.image.title="stripsight" \
      org.opencontainers.image.description="Inline anomaly inspection of blow-fill-seal strips over gRPC" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="python:3.11.14-slim-bookworm"

# The file system is read-only: no byte code is written, and compiled files came with the installation.
ENV PATH=/opt/stripsight/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    STRIPSIGHT_BUNDLE=/bundle \
    STRIPSIGHT_BUNDLES=/bundles \
    STRIPSIGHT_BUNDLE_KEYS=/keys \
    STRIPSIGHT_PROVIDER=${PROVIDER} \
    STRIPSIGHT_LOG_FORMAT=json

# ONNX Runtime's wheel sends usage data to its maker unless told otherwise before it is imported.
ENV ORT_DISABLE_TELEMETRY=1

# By default the service listens on loopback, which inside a container nobody can reach. Without certificates
# (STRIPSIGHT_TLS_CERT, _TLS_KEY and _TLS_CLIENT_CA) it speaks plain text and lets everybody do everything: publish
# the ports on loopback or on the machine's own network, never on the plant's.
ENV STRIPSIGHT_LISTEN=0.0.0.0:50051 \
    STRIPSIGHT_ALLOW_PLAINTEXT=true \
    STRIPSIGHT_METRICS_LISTEN=0.0.0.0:9464 \
    STRIPSIGHT_TARGET=127.0.0.1:50051

COPY --from=build /opt/stripsight /opt/stripsight
COPY --from=build --chown=10001:10001 /opt/records /var/lib/stripsight

# Fails the build when a library of the system is missing.
RUN python -c "import cv2, onnx, onnxruntime, stripsight.rpc.server" && stripsight --help

# A number without an account: Kubernetes and others can see that it is not root.
USER 10001:10001
WORKDIR /
EXPOSE 50051 9464
STOPSIGNAL SIGTERM

# At the lowest priority, so that asking never takes a core from an inspection. Docker wants 1 for any trouble.
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 \
    CMD ["sh", "-c", "nice -n 19 stripsight status --json || exit 1"]

ENTRYPOINT ["stripsight", "serve"]
