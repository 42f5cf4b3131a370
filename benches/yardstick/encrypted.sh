#!/usr/bin/env bash
# encrypted.sh [LANWARD]: what an answer from the cache costs over TLS and over HTTPS, on one connection that is warm, lanward and its
# peers in one run: CPU microseconds of the server per answer. Needs two CPUs, NSD, dnsperf, openssl and python3; over HTTPS also h2load
# (Debian: nghttp2-client). Takes Unbound, Knot Resolver and dnsdist along where they are installed. All show the same certificate and
# must speak the same version and cipher. Each server runs on CPU 0, the load on CPU 1, everything on 127.0.0.1. Median of RUNS runs
# (3) of LENGTH seconds (3) with WINDOW questions under way (100).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
lanward=${1:-$here/../../target/release/lanward}
work=$(mktemp -d)
base=${BASE_PORT:-25500}
runs=${RUNS:-3} length=${LENGTH:-3} window=${WINDOW:-100}
. "$here/servers.sh"

ready() { # ready PORT: waits until somebody listens.
    for _ in $(seq 100); do
        (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return 0
        sleep 0.1
    done
    echo "nobody listens on port $1" >&2
    cat "$work/log" >&2
    exit 1
}

# User and system time in ticks; the name of a program, in brackets, may hold blanks.
ticks() { sed 's/.*) //' "/proc/$pid/stat" | awk '{ print $12 + $13 }'; }

tls() { # tls PORT SECONDS: prints how many answers there were over TLS.
    taskset -c 1 dnsperf -m tls -s 127.0.0.1 -p "$1" -d "$work/public.q" -c 1 -T 1 -q "$window" -l "$2" 2>&1 |
        tee -a "$work/log" | awk '/NOERROR/ { answers = $4 } END { print answers + 0 }'
}

https() { # https PORT SECONDS: prints how many answers there were over HTTPS.
    sed "s/PORT/$1/" "$work/public.uri" >"$work/uri"
    taskset -c 1 h2load --input-file="$work/uri" --clients=1 --max-concurrent-streams="$window" --duration="$2" 2>&1 |
        tee -a "$work/log" | awk '/^status codes:/ { answers = $3 } END { print answers + 0 }'
}

cipher() { # cipher PORT: what is spoken there.
    openssl s_client -connect "127.0.0.1:$1" </dev/null 2>/dev/null | sed -n 's/^New, \(.*\), Cipher is \(.*\)/\1 \2/p'
}

measure() { # measure NAME COLUMN PORT: the median run, after one that fills the cache.
    local kind=$2 port=$3 all='' answers begin spoken
    ready "$port"
    spoken=$(cipher "$port")
    [ "$spoken" = "${agreed:=$spoken}" ] || { echo "$1 speaks $spoken, the others $agreed" >&2; exit 1; }
    "$kind" "$port" 2 >/dev/null
    for _ in $(seq "$runs"); do
        begin=$(ticks)
        answers=$("$kind" "$port" "$length")
        all+=$(awk -v ticks=$(($(ticks) - begin)) -v hertz="$(getconf CLK_TCK)" -v answers="$answers" -v seconds="$length" \
            'BEGIN { if (!answers) exit 1; printf "%.3f %d", ticks * 1e6 / hertz / answers, answers / seconds }')$'\n'
    done
    printf '%s' "$all" | sed "s/^/# $1 $kind: /" >&2
    echo "$1 $kind $(printf '%s' "$all" | sort -n | sed -n "$(((runs + 1) / 2))p")" >>"$work/results"
}

both() { # both NAME PORT: over TLS at this port and over HTTPS at the next.
    measure "$1" tls "$2"
    if command -v h2load >/dev/null; then measure "$1" https $(($2 + 1)); fi
    kill "$pid"
}

python3 "$here/names.py" "$work"
python3 - "$work" <<'PYTHON'
import base64, sys
from pathlib import Path

folder = Path(sys.argv[1])
with (folder / "public.uri").open("w") as out:
    for line in (folder / "public.q").open():
        labels = line.split()[0].split(".")
        name = b"".join(bytes([len(label)]) + label.encode() for label in labels)
        query = b"\0\0\1\0\0\1\0\0\0\0\0\0" + name + b"\0\0\1\0\1"
        text = base64.urlsafe_b64encode(query).rstrip(b"=").decode()
        out.write(f"https://127.0.0.1:PORT/dns-query?dns={text}\n")
PYTHON
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=dns.example -addext subjectAltName=DNS:dns.example,IP:127.0.0.1 \
    -keyout "$work/key.pem" -out "$work/certificate.pem" 2>/dev/null

# The upstream of all.
start_nsd example.test
ready "$base"

cat >"$work/lanward.toml" <<CONF
[server]
listen = ["127.0.0.1:$((base + 10))"]
workers = 1
[server.tls]
certificate = "$work/certificate.pem"
key = "$work/key.pem"
tls = ["127.0.0.1:$((base + 11))"]
https = ["127.0.0.1:$((base + 12))"]
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
both lanward $((base + 11))

if command -v unbound >/dev/null; then
    cat >"$work/unbound.conf" <<CONF
server:
  interface: 127.0.0.1@$((base + 20))
  interface: 127.0.0.1@$((base + 21))
  interface: 127.0.0.1@$((base + 22))
  tls-port: $((base + 21))
  https-port: $((base + 22))
  tls-service-pem: "$work/certificate.pem"
  tls-service-key: "$work/key.pem"
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
remote-control:
  control-enable: no
forward-zone:
  name: "."
  forward-addr: 127.0.0.1@$base
CONF
    start unbound -d -c "$work/unbound.conf"
    both Unbound $((base + 21))
fi

if command -v kresd >/dev/null; then
    mkdir "$work/kresd"
    cat >"$work/kresd.conf" <<CONF
net.tls("$work/certificate.pem", "$work/key.pem")
net.listen("127.0.0.1", $((base + 31)), { kind = "tls" })
net.listen("127.0.0.1", $((base + 32)), { kind = "doh2" })
trust_anchors.remove(".")
for _, name in ipairs({ "ta_update", "ta_signal_query", "priming", "detect_time_skew" }) do modules.unload(name) end
cache.size = 100 * MB
policy.add(policy.suffix(policy.STUB("127.0.0.1@$base"), { todname("test.") }))
CONF
    start kresd -n -c "$work/kresd.conf" "$work/kresd"
    both "Knot-Resolver" $((base + 31))
fi

if command -v dnsdist >/dev/null; then
    cat >"$work/dnsdist.conf" <<CONF
setLocal("127.0.0.1:$((base + 40))")
setACL({"127.0.0.0/8"})
setSecurityPollSuffix("")
newServer({address="127.0.0.1:$base", healthCheckMode="up"})
getPool(""):setCache(newPacketCache(100000))
addTLSLocal("127.0.0.1:$((base + 41))", "$work/certificate.pem", "$work/key.pem", {maxInFlight=1000})
addDOHLocal("127.0.0.1:$((base + 42))", "$work/certificate.pem", "$work/key.pem", {"/dns-query"})
CONF
    start dnsdist --supervised --disable-syslog -C "$work/dnsdist.conf"
    both dnsdist $((base + 41))
fi

awk -v spoken="$agreed" '
    { if (!($1 in seen)) { order[++count] = $1; seen[$1] = 1 } cost[$1, $2] = $3; rate[$1, $2] = $4 }
    function cell(name, column) {
        if (!((name, column) in cost)) return "–"
        return sprintf("%.2f (%.2f×), %d/s", cost[name, column], cost[name, column] / cost["lanward", column], rate[name, column])
    }
    END {
        print "CPU µs per answer (ratio to lanward), answers per second; " spoken
        print "| | TLS | HTTPS |"
        print "|---|---|---|"
        for (i = 1; i <= count; i++) printf "| %s | %s | %s |\n", order[i], cell(order[i], "tls"), cell(order[i], "https")
    }' "$work/results"
