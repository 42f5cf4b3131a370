#!/usr/bin/env python3
"""names.py DIR: the questions of the yardstick, and the zones that answer them.

plex.q    10,000 plex.direct names with private addresses
public.q  10,000 names of example.test with public addresses: they fit into every cache
miss.q    1,000,000 names below a wildcard, 200,000 for each run: asked once each, they are in no cache
"""
import random
import sys
from pathlib import Path

draw = random.Random(2026)
PRIVATE = ["10.{}.{}.{}", "172.16.{1}.{2}", "192.168.{1}.{2}"]
APEX = """$TTL 3600
@ SOA ns.example.test. host.example.test. 1 3600 600 86400 60
@ NS ns.example.test.
"""


def address(form):
    return form.format(draw.randrange(256), draw.randrange(256), draw.randrange(1, 255))


def plex():
    for _ in range(10_000):
        ip = address(draw.choice(PRIVATE))
        yield f"{ip.replace('.', '-')}.{draw.getrandbits(128):032x}.plex.direct", ip


def public():
    for number in range(10_000):
        yield f"h{number:05x}{draw.getrandbits(20):05x}.example.test", address("93.{}.{}.{}")


def zone(origin, names):
    return f"$ORIGIN {origin}.\n{APEX}" + "".join(f"{name}. A {ip}\n" for name, ip in names)


def questions(names):
    return "".join(f"{name} A\n" for name in names)


folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
local, cached = list(plex()), list(public())
wild = "ns A 127.0.0.1\n*.w A 93.184.216.34\n"
(folder / "plex.q").write_text(questions(name for name, _ in local))
(folder / "public.q").write_text(questions(name for name, _ in cached))
(folder / "miss.q").write_text(questions(f"m{number:x}.w.example.test" for number in draw.sample(range(1 << 40), 1_000_000)))
(folder / "plex.direct.zone").write_text(zone("plex.direct", local))
(folder / "example.test.zone").write_text(zone("example.test", cached) + wild)
