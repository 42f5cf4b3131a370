# Read by run.sh and encrypted.sh: servers on CPU 0, ended when the script ends. Wants $work, a folder, and $base, a port.
pids=()

stop() { # Ends the processes that were started here, by their ids.
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
    pids=()
}
trap 'stop; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

start() { # start COMMAND…: on CPU 0; its id is in $pid.
    taskset -c 0 "$@" >>"$work/log" 2>&1 &
    pid=$!
    pids+=("$pid")
}

start_nsd() { # start_nsd ZONE…: NSD with these zones of names.py, at $base. It would limit its responses if it were not told.
    cat >"$work/nsd.conf" <<CONF
server:
  ip-address: 127.0.0.1@$base
  server-count: 1
  username: ""
  chroot: ""
  zonesdir: "$work"
  database: ""
  pidfile: "$work/nsd.pid"
  xfrdfile: "$work/xfrd.state"
  zonelistfile: "$work/zone.list"
  xfrdir: "$work"
  rrl-ratelimit: 0
remote-control:
  control-enable: no
CONF
    for zone in "$@"; do
        printf 'zone:\n  name: %s\n  zonefile: %s.zone\n' "$zone" "$zone" >>"$work/nsd.conf"
    done
    start nsd -d -c "$work/nsd.conf"
}
