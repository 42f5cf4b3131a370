//! DNS over HTTPS (RFC 8484), with HTTP/1.1 and HTTP/2.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use data_encoding::BASE64URL_NOPAD;
use h2::client::SendRequest;
use http::{Request, Response};
use rustls::{ClientConnection, StreamOwned};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::{DECODED, House, answered, runtime};
use crate::support::authority::NAME;
use crate::support::client::PATIENCE;
use crate::support::peers::installed;
use crate::support::records::{A, a};
use crate::support::wire::{FORMERR, Query, Response as Message, SERVFAIL};
use crate::support::{reply::Reply, until};

const MESSAGE: &str = "content-type: application/dns-message";
const VERSIONS: [&str; 2] = ["--http1.1", "--http2"];

/// What came back to one request.
#[derive(Debug)]
struct Answer {
    status: u16,
    headers: HashMap<String, String>,
    body: Vec<u8>,
}

impl Answer {
    /// From the octets that `curl --include` writes.
    fn parse(octets: &[u8]) -> Self {
        let end = octets
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .unwrap_or_else(|| panic!("no head in {:?}", String::from_utf8_lossy(octets)));
        let head = str::from_utf8(&octets[..end]).unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap();
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_lowercase(), value.to_owned())
        });
        Self {
            status: status.parse().unwrap(),
            headers: headers.collect(),
            body: octets[end + 4..].to_vec(),
        }
    }

    fn max_age(&self) -> u32 {
        let value = self.headers["cache-control"].strip_prefix("max-age=");
        value.unwrap().parse().unwrap()
    }
}

/// The URI of the door, with what follows the authority.
fn uri(house: &House, rest: &str) -> String {
    format!("https://{NAME}:{}{rest}", house.https().port())
}

pub(super) fn get(query: &[u8]) -> String {
    format!("/dns-query?dns={}", BASE64URL_NOPAD.encode(query))
}

/// What curl writes, given these arguments and `body` for `--data-binary @-`.
fn curl(house: &House, arguments: &[&str], body: &[u8]) -> Vec<u8> {
    let door = house.https();
    let mut child = Command::new("curl")
        .args(["--silent", "--show-error", "--max-time", "10", "--cacert"])
        .arg(house.authority.ca())
        .arg("--resolve")
        .arg(format!("{NAME}:{}:{}", door.port(), door.ip()))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may know better than to read it.
    let _unread = child.stdin.take().unwrap().write_all(body);
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
    output.stdout
}

/// One request with curl, and what came back.
fn ask(house: &House, version: &str, arguments: &[&str], rest: &str, body: &[u8]) -> Answer {
    let uri = uri(house, rest);
    let arguments = [&[version, "--include"], arguments, &[&uri]].concat();
    Answer::parse(&curl(house, &arguments, body))
}

fn post(house: &House, version: &str, query: &[u8]) -> Answer {
    let arguments = ["-H", MESSAGE, "--data-binary", "@-"];
    ask(house, version, &arguments, "/dns-query", query)
}

#[test]
fn kdig_asks_with_post_and_get() {
    if !installed("kdig over HTTPS", "kdig", "knot-dnsutils") {
        return;
    }
    let house = House::open();
    for how in ["+https", "+https-get"] {
        let said = house.kdig(house.https(), &[how, "+padding", DECODED]);
        assert!(said.contains("192.168.1.10"), "{how}: {said}");
        assert!(said.contains("The certificate is trusted"), "{how}: {said}");
        assert!(said.contains("Received 468 B"), "{how}: {said}");
    }
}

#[test]
fn the_message_is_that_of_the_udp_door() {
    if !installed("curl", "curl", "curl") {
        return;
    }
    let house = House::open();
    let query = Query::new(DECODED, A).bytes();
    let udp = house.lanward.client().try_udp(&query, PATIENCE).unwrap();
    for version in VERSIONS {
        for answer in [
            post(&house, version, &query),
            ask(&house, version, &[], &get(&query), b""),
        ] {
            assert_eq!(answer.status, 200, "{answer:?}");
            assert_eq!(answer.body, udp, "{version}");
            assert_eq!(answer.headers["content-type"], "application/dns-message");
            assert_eq!(answer.headers["content-length"], udp.len().to_string());
            let h3 = format!("h3=\":{}\"", house.h3().port());
            assert_eq!(answer.headers["alt-svc"], h3);
            assert_eq!(
                answer.max_age(),
                Reply::parse(&udp).unwrap().answer[0].ttl,
                "{version}"
            );
        }
        let head = ask(&house, version, &["--head"], &get(&query), b"");
        assert_eq!(head.status, 200);
        assert_eq!(head.headers["content-length"], udp.len().to_string());
        assert_eq!(head.body, b"");
    }
}

#[test]
fn what_is_wrong_has_its_status() {
    if !installed("curl", "curl", "curl") {
        return;
    }
    let house = House::open();
    let query = Query::new(DECODED, A).bytes();
    let mut response = query.clone();
    response[2] |= 0x80;
    let long = vec![0; 4097];
    let data: &[&str] = &["--data-binary", "@-"];
    let typed: &[&str] = &["-H", MESSAGE, "--data-binary", "@-"];
    let chunked = [typed, &["-H", "transfer-encoding: chunked"]].concat();
    let json = [data, &["-H", "content-type: application/dns-json"]].concat();
    let field = format!("x: {}", "y".repeat(20_000));
    let cases: &[(&[&str], &str, &[u8], u16)] = &[
        (&[], "/", b"", 404),
        (&[], "/dns-query/", b"", 404),
        (typed, "/other", &query, 404),
        (
            &["-X", "PUT", "-H", MESSAGE, "--data-binary", "@-"],
            "/dns-query",
            &query,
            405,
        ),
        (&["-X", "OPTIONS"], "/dns-query", b"", 405),
        (&[], "/dns-query", b"", 400),
        (&[], "/dns-query?dns=", b"", 400),
        (&[], "/dns-query?dns=AAA=", b"", 400),
        (&[], &(get(&query) + "&dns=AAAB"), b"", 400),
        (&[], &get(&response), b"", 400),
        (&[], &get(&query[..11]), b"", 400),
        (&[], &get(&long), b"", 414),
        (data, "/dns-query", &query, 415),
        (&json, "/dns-query", &query, 415),
        (typed, "/dns-query", &long, 413),
        (&chunked, "/dns-query", &long, 413),
        (typed, "/dns-query", b"", 400),
        (typed, "/dns-query", &response, 400),
        (&["-H", &field], &get(&query), b"", 431),
    ];
    for version in VERSIONS {
        for (arguments, rest, body, status) in cases {
            let answer = ask(&house, version, arguments, rest, body);
            assert_eq!(answer.status, *status, "{version} {arguments:?} {rest}");
            let allowed = answer.headers.get("allow").map(String::as_str);
            let expected = (*status == 405).then_some("GET, HEAD, POST");
            assert_eq!(allowed, expected, "{version} {arguments:?} {rest}");
        }
        let answer = post(&house, version, &query);
        assert_eq!(answer.status, 200, "{version}: and the door is still there");
    }
}

#[test]
fn failures_of_dns_are_none_of_http() {
    if !installed("curl", "curl", "curl") {
        return;
    }
    let house = House::open();
    let ttl = |ttl| Message::new(vec![a("kept.example", "93.184.216.34").ttl(ttl)]);
    house.upstream.on("kept.example", A, ttl(3600));
    let missing = Message::nxdomain("example");
    house.upstream.on("missing.example", A, missing);
    house
        .upstream
        .on("broken.example", A, Message::rcode(SERVFAIL));
    let mut two = Query::new(DECODED, A).plain().bytes();
    two[5] = 2;
    for version in VERSIONS {
        let answer = post(&house, version, &Query::new("kept.example", A).bytes());
        assert_eq!(answer.status, 200);
        let ttl = Reply::parse(&answer.body).unwrap().answer[0].ttl;
        assert!(ttl > 3000 && answer.max_age() == ttl, "{answer:?}");
        let answer = post(&house, version, &Query::new("missing.example", A).bytes());
        let reply = Reply::parse(&answer.body).unwrap();
        assert_eq!(
            (answer.status, answer.max_age()),
            (200, reply.authority[0].ttl)
        );
        let answer = post(&house, version, &Query::new("broken.example", A).bytes());
        let rcode = Reply::parse(&answer.body).unwrap().rcode();
        assert_eq!((answer.status, answer.max_age(), rcode), (200, 0, SERVFAIL));
        let answer = post(&house, version, &two);
        assert_eq!((answer.status, answer.max_age()), (200, 0));
        assert_eq!(u16::from(answer.body[3] & 15), FORMERR);
    }
}

#[test]
fn one_connection_takes_many_questions() {
    if !installed("curl", "curl", "curl") {
        return;
    }
    let house = House::open();
    let uri = uri(&house, &get(&Query::new(DECODED, A).bytes()));
    for version in VERSIONS {
        let mut arguments = vec![version, "--write-out", "%{http_code} %{num_connects}\n"];
        for _ in 0..5 {
            arguments.extend(["--output", "/dev/null", &uri]);
        }
        let said = String::from_utf8(curl(&house, &arguments, b"")).unwrap();
        assert_eq!(said, format!("200 1\n{}", "200 0\n".repeat(4)), "{version}");
    }
}

#[test]
fn who_names_no_protocol_speaks_http_1() {
    let house = House::open();
    let name = NAME.try_into().unwrap();
    let session = ClientConnection::new(Arc::new(house.tls_client(&[])), name).unwrap();
    let stream = TcpStream::connect(house.https()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut stream = StreamOwned::new(session, stream);
    let query = Query::new(DECODED, A);
    let request = format!(
        "GET {} HTTP/1.1\r\nhost: {NAME}\r\nconnection: close\r\n\r\n",
        get(&query.bytes())
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut said = Vec::new();
    stream.read_to_end(&mut said).unwrap();
    let answer = Answer::parse(&said);
    assert_eq!(answer.status, 200);
    answered(&query, &answer.body);
}

/// HTTP/2 as it is, without curl's good manners.
async fn connect(house: &House) -> SendRequest<Bytes> {
    let stream = tokio::net::TcpStream::connect(house.https()).await.unwrap();
    let connector = TlsConnector::from(Arc::new(house.tls_client(&[b"h2"])));
    let stream = connector
        .connect(NAME.try_into().unwrap(), stream)
        .await
        .unwrap();
    let (send, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    send
}

/// Begins a question; the future gives its answer.
async fn begin(send: &SendRequest<Bytes>, query: &Query) -> impl Future<Output = Vec<u8>> + use<> {
    let mut send = send.clone().ready().await.unwrap();
    let request = Request::post(format!("https://{NAME}/dns-query"))
        .header("content-type", "application/dns-message")
        .body(())
        .unwrap();
    let (response, mut body) = send.send_request(request, false).unwrap();
    body.send_data(query.bytes().into(), true).unwrap();
    async {
        let response: Response<h2::RecvStream> = response.await.unwrap();
        assert_eq!(response.status(), 200);
        let (mut body, mut octets) = (response.into_body(), Vec::new());
        while let Some(data) = body.data().await {
            octets.extend_from_slice(&data.unwrap());
        }
        octets
    }
}

#[test]
fn a_slow_name_does_not_hold_a_local_one() {
    let house = House::open();
    let gate = house.gate();
    let [slow, fast] = [Query::new("slow.example", A), Query::new(DECODED, A)];
    runtime().block_on(async {
        let send = connect(&house).await;
        let mut waiting = Box::pin(begin(&send, &slow).await);
        let answer = begin(&send, &fast).await;
        let first = tokio::select! {
            biased;
            answer = answer => answer,
            _ = &mut waiting => panic!("the slow one is answered, though nobody did"),
        };
        answered(&fast, &first);
        assert!(until(PATIENCE, || house.upstream.count("slow.example") > 0));
        gate.open();
        answered(&slow, &timeout(PATIENCE, waiting).await.unwrap());
    });
}

#[test]
fn a_hundred_requests_at_a_time_and_the_others_after_them() {
    let house = House::open();
    let gate = house.gate();
    runtime().block_on(async {
        let send = connect(&house).await;
        let more = Query::new(DECODED, A);
        answered(&more, &begin(&send, &more).await.await);
        assert_eq!(send.current_max_send_streams(), 100);
        let mut waiting = Vec::new();
        for number in 0..100 {
            let query = Query::new(&format!("x{number}.example"), A);
            waiting.push((begin(&send, &query).await, query));
        }
        let mut answer = Box::pin(begin(&send, &more).await);
        let early = timeout(Duration::from_millis(100), &mut answer).await;
        assert!(early.is_err(), "there is no place for it yet");
        gate.open();
        for (answer, query) in waiting {
            answered(&query, &timeout(PATIENCE, answer).await.unwrap());
        }
        answered(&more, &timeout(PATIENCE, answer).await.unwrap());
    });
}

#[test]
fn the_end_waits_for_what_is_under_way() {
    let house = House::open();
    let gate = house.gate();
    let query = Query::new("late.example", A);
    runtime().block_on(async {
        let send = connect(&house).await;
        let answer = begin(&send, &query).await;
        assert!(until(PATIENCE, || house.upstream.count("late.example") > 0));
        house.lanward.signal("-TERM");
        let over = until(PATIENCE, || TcpStream::connect(house.https()).is_err());
        assert!(over, "nobody listens any more");
        gate.open();
        answered(&query, &timeout(PATIENCE, answer).await.unwrap());
    });
}
