#!/usr/bin/env bash
# cost.sh LOAD PID PORT QUERYFILE: the load on CPU 1 against the server PID, RUNS times (3, at most 5) for LENGTH seconds (3).
# Prints for each run: CPU microseconds of PID and its children per answer, then what the load says.
# Each run begins 200,000 questions further on, so that what was a miss does not come back from the cache.
set -eu
load=$1 pid=$2 port=$3 questions=$4

# The process and all that it started: NSD answers in a child.
family() {
    echo "$1"
    for child in $(pgrep -P "$1"); do family "$child"; done
}

# User and system time in ticks; the name of a program, in brackets, may hold blanks.
ticks() {
    for one in $(family "$pid"); do sed 's/.*) //' "/proc/$one/stat"; done | awk '{ sum += $12 + $13 } END { print sum + 0 }'
}

for run in $(seq "${RUNS:-3}"); do
    begin=$(ticks)
    said=$(taskset -c 1 "$load" "$port" "$questions" "${LENGTH:-3}" "${WINDOW:-32}" "${SOCKETS:-8}" $(((run - 1) * 200000)))
    spent=$(($(ticks) - begin))
    answers=$(sed 's/.* rec=\([0-9]*\).*/\1/' <<<"$said")
    awk -v ticks="$spent" -v hertz="$(getconf CLK_TCK)" -v answers="$answers" -v said="$said" \
        'BEGIN { printf "%.3f %s\n", answers ? ticks * 1e6 / hertz / answers : 0, said }'
done
