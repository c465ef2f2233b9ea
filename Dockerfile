# A static binary and nothing else. Data are in /data.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=docker
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /out/waybill ./cmd/waybill \
    && mkdir -p /out/data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/waybill /waybill
COPY --from=build --chown=65532:65532 /out/data /data
USER 65532:65532
ENV WAYBILL_DATA_DIR=/data WAYBILL_RELAY_LISTEN=0.0.0.0:7447
VOLUME /data
EXPOSE 7447
ENTRYPOINT ["/waybill"]
CMD ["serve"]
