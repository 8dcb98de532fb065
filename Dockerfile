# syntax=docker/dockerfile:1
# The image of the agent, for amd64 and arm64: docker build -t localhost/gryphon:0.1.0 .
# The Debian release is that of hack/image, the Node that of package.json.
ARG BASE=node:24.21.0-bookworm-slim

FROM ${BASE} AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates curl gcc libc6-dev make musl-tools \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN make build \
 && image/fetch-plugins /plugins \
 && node hack/image/lay-out.ts /image /plugins

FROM ${BASE}
RUN --mount=type=bind,source=image/packages,target=/packages \
    apt-get update \
 && xargs apt-get install -y --no-install-recommends < /packages \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /image/ /
ENTRYPOINT ["gryphon"]
