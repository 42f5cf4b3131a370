# Plays the image nginx:1: Debian's nginx, whose templates are filled in as envsubst does it there.
FROM debian:trixie-slim
STOPSIGNAL SIGQUIT
ENTRYPOINT ["bash", "-euc", "rm -f /etc/nginx/sites-enabled/default; for template in /etc/nginx/templates/*.template; do name=$(basename \"$template\" .template); perl -pe 's/\\$\\{(\\w+)\\}/exists $ENV{$1} ? $ENV{$1} : $&/ge' \"$template\" >/etc/nginx/conf.d/\"$name\"; done; exec \"$@\"", "bash"]
CMD ["nginx", "-g", "daemon off;"]
