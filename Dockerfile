# An image with the program, the few libraries that it is linked to, and nothing else: no shell, no package
# manager, no user with rights.
#
#   docker build -t readmit .
#   docker run --rm -it -v readmit:/data readmit init --yes --name "Canal House"
#   docker run -d --name readmit --read-only --cap-drop ALL -p 8080:8080 -v readmit:/data \
#       -e READMIT_SMTP__URL=smtp://mail.example.com readmit
#
# It is linked to glibc, whose allocator serves many threads better than that of musl; what glibc needs to
# look names up is in the library itself.

FROM rust:1.95-slim-trixie AS build
WORKDIR /src
COPY . .
RUN cargo build --release --locked
RUN mkdir -p /image/usr/local/bin /image/etc \
    && cp target/release/readmit /image/usr/local/bin/ \
    && ldd target/release/readmit | grep -o '/[^ ]*' | xargs -I '{}' cp -L --parents '{}' /image \
    && echo 'readmit:x:65532:65532:readmit:/data:' > /image/etc/passwd \
    && install -d -m 1777 /image/tmp \
    && install -d -m 0700 /data

FROM scratch
COPY --from=build /image/ /
# An empty volume takes owner and mode of the folder over.
COPY --from=build --chown=65532:65532 /data/ /data/
USER 65532:65532
# readmit.toml, the database and the keys stand here.
WORKDIR /data
VOLUME ["/data"]
# The settings of a container come over those of its file.
ENV READMIT_HTTP__LISTEN=0.0.0.0:8080
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=6s --start-period=20s --retries=3 CMD ["/usr/local/bin/readmit", "health"]
ENTRYPOINT ["/usr/local/bin/readmit"]
CMD ["serve"]
