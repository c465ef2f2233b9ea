# A static binary and nothing else. Data are in /data, and nothing else is written:
# the root may be read-only (docker run --read-only -v waybill:/data waybill).
# There is no redis-server in it: without WAYBILL_REDIS_URL the order indexes live
# in the process and are built anew at every start. compose.yaml brings a Redis.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=docker
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /out/waybill ./cmd/waybill \
    && mkdir -p /out/root && mkdir -m 700 /out/root/data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/waybill /waybill
COPY --from=build --chown=65532:65532 /out/root/ /
USER 65532:65532
# The admin listener is for the healthcheck, inside the container only.
ENV WAYBILL_DATA_DIR=/data WAYBILL_RELAY_LISTEN=0.0.0.0:7447 WAYBILL_ADMIN_LISTEN=127.0.0.1:7448 TMPDIR=/data
VOLUME /data
EXPOSE 7447
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=6s --start-period=30s --retries=3 CMD ["/waybill", "healthcheck"]
ENTRYPOINT ["/waybill"]
CMD ["serve"]
