# syntax=docker/dockerfile:1
# The Node of package.json's optionalDependencies: a test holds the two together.
ARG NODE=24.21.0-bookworm-slim

FROM node:${NODE} AS packages
WORKDIR /opt/lintel
COPY package.json package-lock.json .npmrc ./
# Node comes with the image, and of the inference runtime only Linux is needed: 400 MB less.
RUN npm ci --omit=dev \
  && rm -rf node_modules/node-linux-* node_modules/.bin/node \
    node_modules/onnxruntime-node/bin/napi-v*/darwin node_modules/onnxruntime-node/bin/napi-v*/win32

# What starts in half the time of the sources: npm run build, which needs the packages for development.
FROM node:${NODE} AS built
WORKDIR /opt/lintel
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . /opt/lintel
RUN npm run build

FROM node:${NODE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Lintel" \
  org.opencontainers.image.description="Edge and IoT ingestion for video door access and road checkpoints: it counts, it does not identify." \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}"

COPY --from=packages /opt/lintel/node_modules /opt/lintel/node_modules
COPY . /opt/lintel
COPY --from=built /opt/lintel/node_modules/.cache/built /opt/lintel/node_modules/.cache/built
# Code and configuration belong to root; the service may write to its data alone.
RUN groupadd --system --gid 10001 lintel \
  && useradd --system --uid 10001 --gid lintel --home-dir /var/lib/lintel --shell /usr/sbin/nologin lintel \
  && install -d -m 0700 -o lintel -g lintel /var/lib/lintel \
  && install -D -m 0644 /opt/lintel/deploy/container/lintel.yaml /etc/lintel/lintel.yaml \
  && ln -s /opt/lintel/cli/lintel /usr/local/bin/lintel

# The inference runtime would keep an id of this machine and report to its maker.
ENV NODE_ENV=production ORT_DISABLE_TELEMETRY=1
WORKDIR /opt/lintel
USER 10001:10001
VOLUME /var/lib/lintel
EXPOSE 1883 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "deploy/container/health.ts", "/var/lib/lintel"]
ENTRYPOINT ["node", "cli/main.ts"]
CMD ["up", "--data", "/var/lib/lintel", "--config", "/etc/lintel/lintel.yaml"]
