//! Answers asked for again in the last tenth of their life.

use super::*;
use crate::support::upstream::Gate;

/// One test for all cases, since each has to wait for nine seconds: the shortest life whose end is awaited is ten.
#[test]
fn what_is_wanted_near_its_end_is_asked_for_again() {
    let upstream = Upstream::start();
    upstream.otherwise(answer(ADDRESSES[0], 10));
    let lanward = Lanward::start(&[upstream.address], "");
    let without = Lanward::start(&[upstream.address], "[cache]\nprefetch = false\n");
    let names = ["hot.example", "cold.example", "broken.example"];
    for name in names {
        ask(&lanward, name);
    }
    ask(&without, "unwanted.example");
    let left = |lanward: &Lanward, name: &str| {
        let reply = ask(lanward, name);
        assert!(is_fresh(&reply, ADDRESSES[0]), "{}", reply.summary());
        reply.answer[0].ttl
    };
    upstream.on("short.example", A, answer(ADDRESSES[0], 2));
    let mut shortest = u32::MAX;
    until(Duration::from_millis(1900), || {
        shortest = shortest.min(left(&lanward, "short.example"));
        shortest < 1
    });
    let short = upstream.count("short.example");
    let gate = Gate::default();
    upstream.on("hot.example", A, answer(ADDRESSES[1], 10).behind(&gate));
    upstream.on("broken.example", A, Response::rcode(SERVFAIL));
    let near = until(Duration::from_secs(15), || {
        std::thread::sleep(Duration::from_millis(20));
        let wanted = ["hot.example", "broken.example"];
        wanted.map(|name| left(&lanward, name)) == [1; 2] && left(&without, "unwanted.example") == 1
    });
    assert!(near);
    for _ in 0..5 {
        left(&lanward, "hot.example");
        left(&lanward, "broken.example");
        left(&without, "unwanted.example");
    }
    let asked = until(Duration::from_secs(5), || {
        upstream.count("hot.example") == 2 && upstream.count("broken.example") == 2
    });
    assert!(asked);
    let counts = ["cold.example", "unwanted.example"].map(|name| upstream.count(name));
    assert_eq!(counts, [1, 1], "nobody wanted it again, or not so early");
    assert_eq!(short, 1, "not worth it");
    gate.open();
    assert!(until(Duration::from_secs(5), || {
        is_fresh(&ask(&lanward, "hot.example"), ADDRESSES[1])
    }));
    assert_eq!(upstream.count("hot.example"), 2, "once for all who asked");
    lanward.stop();
}
