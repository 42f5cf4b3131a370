# Plays the image caddy:2: Debian's Caddy, started as there.
FROM debian:trixie-slim
ENV XDG_CONFIG_HOME=/config XDG_DATA_HOME=/data
WORKDIR /
CMD ["caddy", "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"]
