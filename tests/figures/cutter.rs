//! A relay that cuts connections.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// A relay before `to` that cuts every connection after `life`, without a word; gives its port. Its threads live as long as the test.
pub(crate) fn cutter(to: SocketAddr, life: Duration) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for near in listener.incoming().map_while(Result::ok) {
            let Ok(far) = TcpStream::connect(to) else {
                continue;
            };
            for stream in [&near, &far] {
                stream.set_nodelay(true).unwrap();
            }
            let ways = [(&near, &far), (&far, &near)]
                .map(|(from, to)| (from.try_clone().unwrap(), to.try_clone().unwrap()));
            for (mut from, mut to) in ways {
                thread::spawn(move || drop(io::copy(&mut from, &mut to)));
            }
            thread::spawn(move || {
                thread::sleep(life);
                for stream in [near, far] {
                    // It may have ended by itself.
                    drop(stream.shutdown(Shutdown::Both));
                }
            });
        }
    });
    port
}
