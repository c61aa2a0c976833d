# An image with the program and nothing else: no library, no shell, no package manager, no user with rights.
#
#   docker build -t readmit .
#   docker run --rm -it -v readmit:/data readmit init --yes --name "Canal House"
#   docker run -d --name readmit --read-only --cap-drop ALL -p 8080:8080 -v readmit:/data \
#       -e READMIT_SMTP__URL=smtp://mail.example.com readmit
#
# glibc is linked in, whose allocator serves many threads better than that of musl. Names are looked up by what it holds
# itself, in /etc/hosts and by DNS, which is all that a container has.

FROM rust:1.95-slim-trixie AS build
WORKDIR /src
COPY . .
# With a target that is named, the flags are for the program alone and not for what runs while it is built.
RUN RUSTFLAGS="-C target-feature=+crt-static" \
    cargo build --release --locked --target "$(rustc --version --verbose | sed -n 's/^host: //p')"
RUN install -D target/*/release/readmit /image/usr/local/bin/readmit \
    && install -d /image/etc \
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
