# What packaging/openwrt/lanward.init asks of OpenWrt's procd: it is written down, a line for each request, with | between the words.

note() {
    printf '%s' "$1"
    shift
    for word in "$@"; do printf '|%s' "$word"; done
    echo
}

procd_open_instance() { note open; }
procd_close_instance() { note close; }
procd_set_param() { note "$@"; }
procd_add_jail() { note jail "$@"; }
procd_send_signal() { note signal "$@"; }
# The user is on no machine but a router.
chown() { note owner "$@"; }
