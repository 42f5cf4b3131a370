#!/bin/sh
# What packaging/rc.d/lanward asks of FreeBSD's daemon(8), and no more. The log goes beside the file of the process id.

while getopts "fST:l:rR:P:p:u:" option; do
    case $option in
    P) supervisor=$OPTARG ;;
    p) child=$OPTARG ;;
    u) [ "$OPTARG" = "$(id -un)" ] || exit 1 ;;
    [fSTlrR]) ;;
    *) exit 1 ;;
    esac
done
shift $((OPTIND - 1))

{
    "$@" >"$child.log" 2>&1 &
    process=$!
    echo $process >"$child"
    trap 'kill -TERM $process' TERM
    # A signal ends the first of these.
    wait $process
    wait $process
    rm -f "$child" "$supervisor"
} </dev/null >/dev/null 2>&1 &
echo $! >"$supervisor"
