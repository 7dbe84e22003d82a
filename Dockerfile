# syntax=docker/dockerfile:1
ARG BASE=python:3.12-slim-bookworm

FROM ${BASE} AS build
WORKDIR /build
# With OpenTelemetry, which does nothing until its environment asks for it.
COPY requirements/otel.txt requirements/otel.txt
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements/otel.txt
COPY pyproject.toml README.md LICENSE ./
COPY irve_bridge irve_bridge
RUN /venv/bin/pip install --no-cache-dir --no-deps .

FROM ${BASE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="irve-bridge" \
      org.opencontainers.image.description="Card payments for electric-vehicle chargers: OCPP 1.6-J on one side, Stripe on the other" \
      org.opencontainers.image.source="https://github.com/irve-bridge/irve-bridge" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
RUN useradd --system --no-log-init --uid 10001 --home-dir /var/lib/irve_bridge --create-home irve
COPY --from=build /venv /venv
COPY config /app/config
COPY simulators /app/simulators
WORKDIR /app
USER 10001
# Nothing is written but to the volume: code is compiled already, and the log goes to the terminal.
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    WEB_HOST=0.0.0.0 \
    OCPP_HOST=0.0.0.0 \
    LOG_FILE= \
    DATABASE_URL=sqlite:////var/lib/irve_bridge/irve_bridge.db
VOLUME /var/lib/irve_bridge
EXPOSE 8080 9000 9001
HEALTHCHECK --interval=10s --timeout=4s --start-period=20s --retries=3 CMD \
    ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ.get(\"WEB_PORT\") or 8080}/readyz', timeout=3)"]
STOPSIGNAL SIGTERM
CMD ["irve-bridge", "serve"]
