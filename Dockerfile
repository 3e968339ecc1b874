# Three images. docker build --target launcher .       what every task runs in: nothing but the launcher
#               docker build --target fetch .          what brings a task's artifacts before it starts
#               docker build --target nomad-bridge .   the program: controller and Nomad's HTTP API

FROM golang:1.26 AS launcher-build
WORKDIR /launcher
COPY launcher/ ./
RUN CGO_ENABLED=0 GOFLAGS= go build -trimpath -ldflags "-s -w" -o /image/nomad-bridge/launcher .
# A read-only root file system cannot grow mount points later. The same list is in local-cluster/program-image.ts.
RUN cd /image \
    && mkdir -p alloc local secrets tmp bin etc lib lib32 lib64 sbin usr proc sys dev nomad-bridge/state \
    && find . -type d -exec chmod 0755 {} + \
    && chmod 1777 tmp

FROM scratch AS launcher
COPY --from=launcher-build /image/ /
WORKDIR /
ENTRYPOINT ["/nomad-bridge/launcher", "pause"]

FROM golang:1.26 AS fetch-build
WORKDIR /build/fetch
# It has packages of the launcher in common.
COPY launcher/ ../launcher/
COPY fetch/go.mod fetch/go.sum ./
RUN go mod download
COPY fetch/ ./
RUN CGO_ENABLED=0 GOFLAGS= go build -trimpath -ldflags "-s -w" -o /image/nomad-bridge/fetch .
RUN cd /image \
    && mkdir -p alloc local secrets tmp bin etc lib lib32 lib64 sbin usr proc sys dev nomad-bridge/state \
    && printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n' > etc/passwd \
    && find . -type d -exec chmod 0755 {} + \
    && chmod 1777 tmp

FROM scratch AS fetch
COPY --from=fetch-build /image/ /
WORKDIR /
ENTRYPOINT ["/nomad-bridge/fetch"]

FROM node:24-slim AS program-build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json ./
COPY tools/build.ts tools/
COPY src/ src/
RUN node tools/build.ts

FROM node:24-slim AS nomad-bridge
WORKDIR /nomad-bridge
COPY --from=program-build /build/package.json ./
COPY --from=program-build /build/dist/ dist/
# The user "node" of the image, by number, so that Kubernetes can see that it is not root.
USER 1000:1000
ENTRYPOINT ["node", "/nomad-bridge/dist/nomad-bridge.js"]
