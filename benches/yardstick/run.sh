#!/usr/bin/env bash
# run.sh [LANWARD]: what an answer costs lanward, its peers and the bare kernel. Needs two CPUs, cc, python3 and NSD; takes
# Unbound, dnsmasq and hickory-dns (cargo install hickory-dns --version 0.26.3) along where they are installed. Each server runs on CPU 0, alone with the upstream that a miss needs;
# the load runs on CPU 1. Everything listens on 127.0.0.1 only. LENGTH and RUNS as in cost.sh.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
lanward=${1:-$here/../../target/release/lanward}
work=$(mktemp -d)
base=${BASE_PORT:-25300}
. "$here/servers.sh"

ready() { # ready PORT: waits until somebody answers.
    for _ in $(seq 50); do
        "$work/load" "$1" "$work/one.q" 0.1 1 1 | grep -q ' rec=0 ' || return 0
    done
    echo "nobody answers on port $1" >&2
    cat "$work/log" >&2
    exit 1
}

measure() { # measure NAME COLUMN PORT QUERYFILE: the median run; the load must be answered, not refused.
    local runs median
    runs=$("$here/cost.sh" "$work/load" "$pid" "$3" "$work/$4" | sort -n)
    echo "$1 $2: $runs" | sed 's/^/# /' >&2
    median=$(sed -n "$(((${RUNS:-3} + 1) / 2))p" <<<"$runs")
    echo "$1 $2 ${median%% *} $(sed 's/.*qps=\([0-9]*\).*/\1/' <<<"$median")" >>"$work/results"
}

fill() { # fill PORT: brings the public names into the cache.
    taskset -c 1 "$work/load" "$1" "$work/public.q" 2 32 4 >/dev/null
}

cc -O2 -o "$work/echo" "$here/echo.c"
cc -O2 -o "$work/load" "$here/load.c"
python3 "$here/names.py" "$work"
echo "ns.example.test A" >"$work/one.q"

# The authoritative server: a peer for local data, and the upstream of the others.
start_nsd plex.direct example.test
nsd=$pid
ready "$base"

start "$work/echo" $((base + 1))
ready $((base + 1))
measure echo plex.direct $((base + 1)) plex.q
kill "$pid"

pid=$nsd
measure NSD plex.direct "$base" plex.q

cat >"$work/lanward.toml" <<CONF
[server]
listen = ["127.0.0.1:$((base + 2))"]
workers = 1
[upstream]
servers = []
# test. is a special-use name, so a route must say that it is served here.
[[route]]
domains = ["test"]
servers = ["127.0.0.1:$base"]
[log]
level = "error"
CONF
start "$lanward" serve --config "$work/lanward.toml"
ready $((base + 2))
measure lanward plex.direct $((base + 2)) plex.q
fill $((base + 2))
measure lanward cached $((base + 2)) public.q
measure lanward miss $((base + 2)) miss.q
kill "$pid"

if command -v unbound >/dev/null; then
    {
        cat <<CONF
server:
  interface: 127.0.0.1
  port: $((base + 3))
  do-daemonize: no
  username: ""
  chroot: ""
  directory: "$work"
  pidfile: ""
  use-syslog: no
  num-threads: 1
  do-not-query-localhost: no
  module-config: "iterator"
  local-zone: "test." nodefault
  msg-cache-size: 64m
  rrset-cache-size: 128m
  local-zone: "plex.direct." static
CONF
        awk '{ split($1, part, "."); ip = part[1]; gsub("-", ".", ip); printf "  local-data: \"%s A %s\"\n", $1, ip }' "$work/plex.q"
        printf 'remote-control:\n  control-enable: no\nforward-zone:\n  name: "."\n  forward-addr: 127.0.0.1@%s\n' "$base"
    } >"$work/unbound.conf"
    start unbound -d -c "$work/unbound.conf"
    ready $((base + 3))
    measure Unbound plex.direct $((base + 3)) plex.q
    fill $((base + 3))
    measure Unbound cached $((base + 3)) public.q
    measure Unbound miss $((base + 3)) miss.q
    kill "$pid"
fi

if command -v hickory-dns >/dev/null; then
    cat >"$work/hickory.toml" <<CONF
listen_addrs_ipv4 = ["127.0.0.1"]
listen_addrs_ipv6 = []
listen_port = $((base + 5))
directory = "$work"
user = "$(id -un)"
group = "$(id -gn)"
[[zones]]
zone = "."
zone_type = "External"
[zones.stores]
type = "forward"
[[zones.stores.name_servers]]
ip = "127.0.0.1"
trust_negative_responses = false
connections = [{ port = $base, protocol = { type = "udp" } }]
CONF
    start hickory-dns --quiet --config "$work/hickory.toml"
    ready $((base + 5))
    fill $((base + 5))
    measure hickory cached $((base + 5)) public.q
    measure hickory miss $((base + 5)) miss.q
    kill "$pid"
fi

if command -v dnsmasq >/dev/null; then
    awk '{ split($1, part, "."); ip = part[1]; gsub("-", ".", ip); printf "host-record=%s,%s\n", $1, ip }' "$work/plex.q" >"$work/dnsmasq.conf"
    start dnsmasq -k -C "$work/dnsmasq.conf" -p $((base + 4)) --listen-address=127.0.0.1 --bind-interfaces --no-resolv --no-hosts \
        --server=127.0.0.1#"$base" --cache-size=10000 --dns-forward-max=1000 --pid-file= --user= --log-facility=-
    ready $((base + 4))
    measure dnsmasq plex.direct $((base + 4)) plex.q
    fill $((base + 4))
    measure dnsmasq cached $((base + 4)) public.q
    measure dnsmasq miss $((base + 4)) miss.q
fi

awk '
    { if (!($1 in seen)) { order[++count] = $1; seen[$1] = 1 } cost[$1, $2] = $3; rate[$1, $2] = $4 }
    function cell(name, column) {
        if (!((name, column) in cost)) return "–"
        return sprintf("%.2f (%.1f×), %d/s", cost[name, column], cost[name, column] / cost["echo", "plex.direct"], rate[name, column])
    }
    END {
        print "| CPU µs per answer (ratio to echo), answers per second | plex.direct or local data | cached | miss |"
        print "|---|---|---|---|"
        for (i = 1; i <= count; i++)
            printf "| %s | %s | %s | %s |\n", order[i], cell(order[i], "plex.direct"), cell(order[i], "cached"), cell(order[i], "miss")
    }' "$work/results"
