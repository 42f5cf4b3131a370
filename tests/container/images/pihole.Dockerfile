# Plays the image of Pi-hole 6: its resolver is dnsmasq with a list, so this is Debian's dnsmasq, with what Pi-hole writes for it from the
# variables of the example, and one name on its list.
FROM debian:trixie-slim
ENTRYPOINT ["bash", "-euc", "IFS=, read -r on network router domain <<<\"$FTLCONF_dns_revServers\"; [ \"$on\" = true ]; [ \"$FTLCONF_dns_listeningMode\" = all ]; exec dnsmasq --keep-in-foreground --conf-file=/dev/null --user=root --log-facility=- --log-queries --no-resolv --no-hosts --bogus-priv --except-interface=nonexisting --server=\"$FTLCONF_dns_upstreams\" --rev-server=\"$network,$router\" --server=\"/$domain/$router\" --address=/ads.example/0.0.0.0"]
