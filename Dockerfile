# syntax=docker/dockerfile:1
FROM python:3.12-slim-bookworm AS build
WORKDIR /build
COPY requirements/run.txt requirements/run.txt
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements/run.txt
COPY pyproject.toml README.md LICENSE ./
COPY irve_bridge irve_bridge
RUN /venv/bin/pip install --no-cache-dir --no-deps .

FROM python:3.12-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /var/lib/irve_bridge --create-home irve
COPY --from=build /venv /venv
COPY config /app/config
COPY simulators /app/simulators
WORKDIR /app
USER 10001
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    WEB_HOST=0.0.0.0 \
    OCPP_HOST=0.0.0.0 \
    LOG_FILE= \
    DATABASE_URL=sqlite:////var/lib/irve_bridge/irve_bridge.db
VOLUME /var/lib/irve_bridge
EXPOSE 8080 9000 9001
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD \
    ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/readyz', timeout=2)"]
CMD ["irve-bridge", "serve"]
