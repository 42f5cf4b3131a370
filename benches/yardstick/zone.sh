#!/usr/bin/env bash
# zone.sh [LANWARD]: what local data cost, in a zone of 100 names and in one of 100,000: CPU microseconds per answer, time to start
# and resident memory. Asked are 100 names of each, so that the size of the zone is all that differs, and 10,000 of the large one.
# The server runs on CPU 0, the load on CPU 1, everything on 127.0.0.1.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
lanward=${1:-$here/../../target/release/lanward}
work=$(mktemp -d)
port=${BASE_PORT:-25400}
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null || true; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
cc -O2 -o "$work/load" "$here/load.c"
cc -O2 -o "$work/echo" "$here/echo.c"

zone() { # zone NAMES: a zone of so many addresses, and questions for 100 and 10,000 of them.
    awk -v names="$1" 'BEGIN {
        print "$TTL 3600\n@ SOA ns host 1 3600 600 86400 60\n@ NS ns\nns A 192.0.2.1"
        for (i = 1; i < names; i++) printf "h%d A 10.%d.%d.%d\n", i, i / 65536, i / 256 % 256, i % 256
    }' >"$work/zone"
    for asked in 100 10000; do
        awk -v names="$1" -v asked="$asked" 'BEGIN { for (i = 0; i < asked; i++) printf "h%d.home.arpa A\n", 1 + i * int((names - 1) / asked + 1) % (names - 1) }' \
            >"$work/$asked.q"
    done
}

median() { # median QUERYFILE PORT: the middle one of three runs.
    "$here/cost.sh" "$work/load" "$pid" "$2" "$work/$1" | sort -n | sed -n 2p | sed 's/ .*noerror=/ noerror=/; s/ .*//'
}

zone 100
taskset -c 0 "$work/echo" $((port + 1)) &
pid=$!
echo "echo: $(median 100.q $((port + 1))) µs"
kill "$pid"

for names in 100 100000; do
    zone "$names"
    cat >"$work/lanward.toml" <<CONF
[server]
listen = ["127.0.0.1:$port"]
workers = 1
[upstream]
servers = []
[[zone]]
origin = "home.arpa"
file = "zone"
CONF
    begin=$(date +%s%N)
    taskset -c 0 "$lanward" serve --config "$work/lanward.toml" >"$work/log" 2>&1 &
    pid=$!
    for _ in $(seq 500); do grep -q ready "$work/log" && break; sleep 0.01; done
    started=$((($(date +%s%N) - begin) / 1000000))
    echo "$names names: ready after $started ms, $(awk '/VmRSS/ { print $2 }' "/proc/$pid/status") KB resident"
    echo "  100 of them asked: $(median 100.q "$port") µs"
    [ "$names" -eq 100 ] || echo "  10,000 of them asked: $(median 10000.q "$port") µs"
    kill "$pid"
    wait "$pid" 2>/dev/null || true
done
