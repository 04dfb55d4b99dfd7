# Without cgo the binary is static and needs no system around it. What cgo would bring, a faster SQLite, replicas on
# PostgreSQL have no use for.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -tags nomsgpack -trimpath -buildvcs=false -ldflags "-s -w" -o /giftline ./cmd/giftline

# It has the certificates by which a PostgreSQL with TLS is known, and no shell.
FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /giftline /giftline
USER nonroot
EXPOSE 8080
ENTRYPOINT ["/giftline"]
CMD ["serve"]
