# One static binary on an empty image. /data is its folder: config.toml, texts,
# token files, and the SQLite database unless the configuration names another.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY cmd cmd
COPY internal internal
RUN CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /out/bot ./cmd/bot
RUN mkdir /out/data

FROM scratch
LABEL org.opencontainers.image.title="Marginalia" org.opencontainers.image.licenses="MIT"
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/bot /bot
COPY --from=build --chown=65534:65534 /out/data /data
USER 65534:65534
WORKDIR /data
VOLUME /data
# The container's own address; what is published of it is for docker to say.
ENV MARGINALIA_BOT_LISTEN=0.0.0.0:8080
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=10s --start-period=10s CMD ["/bot", "healthcheck"]
ENTRYPOINT ["/bot"]
CMD ["run"]
