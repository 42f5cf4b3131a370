//! DNS over HTTPS (RFC 8484): what a request asks, and what it gets, whichever version of HTTP carries both.

use bytes::Bytes;
use data_encoding::BASE64URL_NOPAD;
use http::header::{ALLOW, ALT_SVC, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, EXPECT};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use tokio::time::timeout;

use super::{HOP, PATIENCE};
use crate::server::accept::Guest;
use crate::server::question::NoReply;
use crate::server::udp::PACKET;
use crate::wire::{Message, Rcode, RecordType, Section, read_u32};

/// The longest question in octets: what the UDP door takes as well, since no question needs more on any way.
const MOST: usize = PACKET;
/// The head of a request in octets: the longest question fits, and what browsers send along.
pub(super) const HEAD: u32 = 16 << 10;
/// What is read of a body that is too long, so that its client hears why.
const WASTE: usize = 64 << 10;

/// The media type of DNS messages (RFC 8484 §6).
const MESSAGE: HeaderValue = HeaderValue::from_static("application/dns-message");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST");

/// How DNS is asked for with HTTP here.
#[derive(Debug)]
pub(super) struct Exchange {
    /// The path at which it is.
    path: String,
    /// Where the same is to be had with HTTP/3 (RFC 7838).
    alternative: Option<HeaderValue>,
}

/// Where the question of a request is.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    /// In its head.
    Question(Vec<u8>),
    /// In its body.
    Body,
}

/// Why a request gets no DNS message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// There is nothing at this path.
    NotFound,
    /// This cannot be done here.
    Method,
    /// The body is of another type.
    MediaType,
    /// The body is longer than any question.
    TooLarge,
    /// So is what stands in the URI.
    UriTooLong,
    /// There is no question in the URI, or more than one, or it cannot be read.
    Parameter,
    /// What came is no query.
    NoQuery,
    /// The body did not come in time.
    Slow,
    /// The body broke off.
    Broken,
    /// The client takes no replies.
    Untaken,
    /// Something is broken here.
    Fault,
}

/// The body of a request, as far as it has come.
#[derive(Debug, Default)]
pub(super) struct Body {
    octets: Vec<u8>,
    /// Octets that came, also those that were too many.
    length: usize,
}

impl Body {
    /// Takes what has come. What is too much is thrown away; too much of that ends the request.
    pub(super) fn push(&mut self, octets: &[u8]) -> Result<(), Refusal> {
        self.length = self.length.saturating_add(octets.len());
        if self.length <= MOST {
            self.octets.extend_from_slice(octets);
        }
        if self.length <= WASTE {
            Ok(())
        } else {
            Err(Refusal::TooLarge)
        }
    }

    /// All of it.
    pub(super) fn end(self) -> Result<Vec<u8>, Refusal> {
        if self.length <= MOST {
            Ok(self.octets)
        } else {
            Err(Refusal::TooLarge)
        }
    }
}

impl Exchange {
    /// With DNS at this path, and the same with HTTP/3 at this port.
    pub(super) fn new(path: String, h3: Option<u16>) -> Self {
        // For the day that RFC 7838 §3.1 has where nothing is said.
        let alternative = h3.and_then(|port| format!("h3=\":{port}\"").parse().ok());
        Self { path, alternative }
    }

    /// Does what a request asks; `body` are the octets that come after its head, as [`Body`] takes them.
    pub(super) async fn serve(
        &self,
        head: Parts,
        body: impl Future<Output = Result<Vec<u8>, Refusal>>,
        guest: &Guest,
    ) -> Response<Bytes> {
        let wants_head = head.method == Method::HEAD;
        let answered = async {
            let question = self.question(head, body).await?;
            let reply = guest.answer(question, HOP).await;
            reply.map_err(|none| match none {
                NoReply::NoQuery => Refusal::NoQuery,
                NoReply::Untaken => Refusal::Untaken,
                // Of the latter nobody hears.
                NoReply::Fault | NoReply::Denied => Refusal::Fault,
            })
        };
        let mut response = match answered.await {
            Ok(reply) => respond(reply),
            Err(refusal) => self.refuse(refusal),
        };
        if let Some(alternative) = &self.alternative {
            response.headers_mut().insert(ALT_SVC, alternative.clone());
        }
        // The same head as to a GET, without what would follow (RFC 9110 §9.3.2).
        if wants_head {
            response.body_mut().clear();
        }
        response
    }

    /// The question of a request. Its head is not kept while something is waited for: a few octets of HPACK or QPACK make a hundred
    /// times as many of them.
    async fn question(
        &self,
        head: Parts,
        body: impl Future<Output = Result<Vec<u8>, Refusal>>,
    ) -> Result<Vec<u8>, Refusal> {
        let body = async { timeout(PATIENCE, body).await.map_err(|_| Refusal::Slow)? };
        let (read, asks_first) = (self.read(&head), head.headers.contains_key(EXPECT));
        drop(head);
        match read {
            Ok(Asked::Question(question)) => Ok(question),
            Ok(Asked::Body) => body.await,
            Err(refusal) => {
                // Some clients hear of a refusal only when they were let finish (curl over HTTP/2). Those who ask first are told.
                if !asks_first {
                    let _unused = body.await;
                }
                Err(refusal)
            }
        }
    }

    /// What the head of a request asks.
    fn read(&self, head: &Parts) -> Result<Asked, Refusal> {
        if head.uri.path() != self.path {
            return Err(Refusal::NotFound);
        }
        match head.method {
            Method::GET | Method::HEAD => {
                read_parameter(head.uri.query().unwrap_or_default()).map(Asked::Question)
            }
            Method::POST if !is_message(&head.headers) => Err(Refusal::MediaType),
            Method::POST if length(&head.headers) > MOST => Err(Refusal::TooLarge),
            Method::POST => Ok(Asked::Body),
            _ => Err(Refusal::Method),
        }
    }

    /// Says why there is no DNS message, and what is allowed.
    fn refuse(&self, refusal: Refusal) -> Response<Bytes> {
        let (status, words) = match refusal {
            Refusal::NotFound => (StatusCode::NOT_FOUND, format!("DNS is at {}", self.path)),
            Refusal::Method => (
                StatusCode::METHOD_NOT_ALLOWED,
                "allowed are GET, HEAD and POST".to_owned(),
            ),
            Refusal::MediaType => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "a POST has to be of the type application/dns-message".to_owned(),
            ),
            Refusal::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                format!("a question has at most {MOST} octets"),
            ),
            Refusal::UriTooLong => (
                StatusCode::URI_TOO_LONG,
                format!("a question has at most {MOST} octets"),
            ),
            Refusal::Parameter => (
                StatusCode::BAD_REQUEST,
                "a GET needs ?dns= once, with a DNS query in base64url without padding".to_owned(),
            ),
            Refusal::NoQuery => (StatusCode::BAD_REQUEST, "that is no DNS query".to_owned()),
            Refusal::Slow => (
                StatusCode::REQUEST_TIMEOUT,
                format!("the body has to come within {PATIENCE:?}"),
            ),
            Refusal::Broken => (StatusCode::BAD_REQUEST, "the body breaks off".to_owned()),
            Refusal::Untaken => (
                StatusCode::SERVICE_UNAVAILABLE,
                "take the replies that there are first".to_owned(),
            ),
            Refusal::Fault => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "something is broken here".to_owned(),
            ),
        };
        let mut response = with_body(status, TEXT, (words + "\n").into());
        if refusal == Refusal::Method {
            response.headers_mut().insert(ALLOW, METHODS);
        }
        response
    }
}

/// A response with a DNS message, whatever it says: that is no failure of HTTP's (RFC 8484 §4.2.1).
fn respond(reply: Bytes) -> Response<Bytes> {
    let fresh = HeaderValue::try_from(format!("max-age={}", freshness(&reply)));
    let mut response = with_body(StatusCode::OK, MESSAGE, reply);
    if let Ok(fresh) = fresh {
        response.headers_mut().insert(CACHE_CONTROL, fresh);
    }
    response
}

fn with_body(status: StatusCode, media_type: HeaderValue, body: Bytes) -> Response<Bytes> {
    let length = body.len().into();
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, media_type);
    response.headers_mut().insert(CONTENT_LENGTH, length);
    response
}

/// The question in the query of a URI, parameter `dns` (RFC 8484 §4.1).
fn read_parameter(query: &str) -> Result<Vec<u8>, Refusal> {
    let mut texts = query
        .split('&')
        .filter_map(|parameter| parameter.strip_prefix("dns="));
    let (Some(text), None) = (texts.next(), texts.next()) else {
        return Err(Refusal::Parameter);
    };
    if text.len() > BASE64URL_NOPAD.encode_len(MOST) {
        return Err(Refusal::UriTooLong);
    }
    BASE64URL_NOPAD
        .decode(text.as_bytes())
        .map_err(|_| Refusal::Parameter)
}

/// Whether the body is said to be a DNS message; parameters say nothing about it.
fn is_message(headers: &HeaderMap) -> bool {
    let media_type = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    let essence = media_type.and_then(|text| text.split(|octet| *octet == b';').next());
    essence.is_some_and(|text| text.trim_ascii().eq_ignore_ascii_case(MESSAGE.as_bytes()))
}

/// How long the body is said to be. A length that cannot be read is for HTTP to refuse.
fn length(headers: &HeaderMap) -> usize {
    let text = headers
        .get(CONTENT_LENGTH)
        .and_then(|text| text.to_str().ok());
    text.and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// For how many seconds a cache of HTTP may keep the reply: until the first of the records ends that are the answer; where
/// there is none, as the SOA record says (RFC 8484 §5.1, RFC 2308 §5). What is no answer is not kept.
fn freshness(reply: &[u8]) -> u32 {
    let Ok(message) = Message::read(reply) else {
        return 0;
    };
    if ![Rcode::NOERROR, Rcode::NXDOMAIN].contains(&message.rcode()) {
        return 0;
    }
    let times = message
        .records
        .iter()
        .filter_map(|record| match record.section {
            Section::Answer => Some(record.ttl),
            Section::Authority if record.kind == RecordType::SOA => {
                let at = record.data.end.checked_sub(4)?;
                Some(record.ttl.min(read_u32(reply, at).ok()?))
            }
            _ => None,
        });
    times.min().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;
    use crate::wire::reply::{self, Head, push_address, push_soa};
    use crate::wire::{Name, Query, header};
    use http::Request;

    const PATH: &str = "/dns-query";
    const DNS: &str = "application/dns-message";

    fn head(method: &str, uri: &str, headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn a_get_asks_in_its_uri() {
        let exchange = Exchange::new(PATH.to_owned(), None);
        let of = |length: usize| format!("{PATH}?dns={}", BASE64URL_NOPAD.encode(&vec![0; length]));
        let asked = |octets: &[u8]| Ok(Asked::Question(octets.to_vec()));
        for (uri, expected) in [
            ("https://dns.example/dns-query?dns=AAAB", asked(b"\0\0\x01")),
            ("/dns-query?dns=AAAB", asked(b"\0\0\x01")),
            ("/dns-query?a=b&dns=AAAB&dnsx=1", asked(b"\0\0\x01")),
            ("/dns-query?dns=-_8", asked(b"\xfb\xff")),
            ("/dns-query?dns=", asked(b"")),
            (&of(MOST), asked(&[0; MOST])),
            (&of(MOST + 1), Err(Refusal::UriTooLong)),
            ("/dns-query", Err(Refusal::Parameter)),
            ("/dns-query?DNS=AAAB", Err(Refusal::Parameter)),
            ("/dns-query?dns=AAAB&dns=AAAB", Err(Refusal::Parameter)),
            ("/dns-query?dns=AAA=", Err(Refusal::Parameter)),
            ("/dns-query?dns=AA+/", Err(Refusal::Parameter)),
            ("/dns-query?dns=AAABA", Err(Refusal::Parameter)),
            ("/?dns=AAAB", Err(Refusal::NotFound)),
            ("/dns-query/?dns=AAAB", Err(Refusal::NotFound)),
            ("/DNS-query?dns=AAAB", Err(Refusal::NotFound)),
        ] {
            for method in ["GET", "HEAD"] {
                let read = exchange.read(&head(method, uri, &[]));
                assert_eq!(read, expected, "{method} {uri}");
            }
        }
    }

    #[test]
    fn a_post_asks_in_its_body() {
        let exchange = Exchange::new(PATH.to_owned(), None);
        for (method, media_type, length, expected) in [
            ("POST", DNS, "33", Ok(Asked::Body)),
            (
                "POST",
                "Application/DNS-Message ; x=y",
                "33",
                Ok(Asked::Body),
            ),
            ("POST", DNS, "4096", Ok(Asked::Body)),
            ("POST", DNS, "4097", Err(Refusal::TooLarge)),
            ("POST", "", "33", Err(Refusal::MediaType)),
            (
                "POST",
                "application/dns-json",
                "33",
                Err(Refusal::MediaType),
            ),
            ("PUT", DNS, "33", Err(Refusal::Method)),
            ("OPTIONS", DNS, "0", Err(Refusal::Method)),
        ] {
            let headers = [("content-type", media_type), ("content-length", length)];
            let read = exchange.read(&head(method, PATH, &headers));
            assert_eq!(read, expected, "{method} {media_type} {length}");
        }
        let bare = exchange.read(&head("POST", PATH, &[]));
        assert_eq!(bare, Err(Refusal::MediaType));
        let connect = exchange.read(&head("CONNECT", "dns.example:443", &[]));
        assert_eq!(connect, Err(Refusal::NotFound));
    }

    #[test]
    fn refusals_say_what_is_allowed() {
        let exchange = Exchange::new(PATH.to_owned(), None);
        for (refusal, status, words) in [
            (Refusal::NotFound, 404, PATH),
            (Refusal::Method, 405, "POST"),
            (Refusal::MediaType, 415, DNS),
            (Refusal::TooLarge, 413, "4096"),
            (Refusal::UriTooLong, 414, "4096"),
            (Refusal::Parameter, 400, "?dns="),
            (Refusal::NoQuery, 400, "query"),
            (Refusal::Slow, 408, "10s"),
            (Refusal::Broken, 400, "body"),
            (Refusal::Untaken, 503, "first"),
            (Refusal::Fault, 500, "here"),
        ] {
            let response = exchange.refuse(refusal);
            assert_eq!(response.status(), status, "{refusal:?}");
            let text = str::from_utf8(response.body()).unwrap();
            assert!(text.contains(words) && text.ends_with('\n'), "{text}");
            assert_eq!(response.headers()[CONTENT_LENGTH], text.len().to_string());
            let allowed = response.headers().get(ALLOW);
            assert_eq!(allowed.is_some(), refusal == Refusal::Method, "{refusal:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_has_to_come_in_time() {
        let exchange = Exchange::new(PATH.to_owned(), None);
        let head = head("POST", PATH, &[("content-type", DNS)]);
        let whole = exchange.question(head.clone(), ready(Ok(vec![7]))).await;
        assert_eq!(whole, Ok(vec![7]));
        let breaking = ready(Err(Refusal::Broken));
        let broken = exchange.question(head.clone(), breaking).await;
        assert_eq!(broken, Err(Refusal::Broken));
        let slow = exchange.question(head, pending()).await;
        assert_eq!(slow, Err(Refusal::Slow));
    }

    #[test]
    fn a_body_has_an_end() {
        for (length, whole) in [(0, true), (MOST, true), (MOST + 1, false), (WASTE, false)] {
            let mut body = Body::default();
            for octet in vec![7; length].chunks(100) {
                body.push(octet).unwrap();
            }
            assert!(body.octets.len() <= MOST);
            let expected = whole.then(|| vec![7; length]).ok_or(Refusal::TooLarge);
            assert_eq!(body.end(), expected);
        }
        let mut body = Body::default();
        body.push(&vec![0; WASTE]).unwrap();
        assert_eq!(body.push(&[0]), Err(Refusal::TooLarge));
    }

    /// A reply with addresses of these TTLs, and the SOA record of a negative answer.
    fn reply(rcode: Rcode, addresses: &[u32], soa: Option<u32>) -> Vec<u8> {
        let header = header::Header {
            id: 0,
            flags: header::flag::RD,
            questions: 1,
            answers: 0,
            authorities: 0,
            additionals: 0,
        };
        let packet = [&header.to_bytes()[..], b"\x01x\0\0\x01\0\x01"].concat();
        let query = Query::read(&packet).unwrap();
        let mut out = Vec::new();
        reply::start(&mut out, &query);
        for ttl in addresses {
            push_address(&mut out, [192, 0, 2, 1].into(), *ttl);
        }
        if let Some(ttl) = soa {
            push_soa(&mut out, &query, &"x".parse::<Name>().unwrap(), ttl);
        }
        let head = Head {
            counts: [
                addresses.len().try_into().unwrap(),
                u16::from(soa.is_some()),
            ],
            ..Head::code(rcode)
        };
        reply::finish(&mut out, &query, &head, 65535);
        out
    }

    #[test]
    fn what_may_be_kept_is_kept_for_as_long_as_its_records() {
        for (rcode, addresses, soa, expected) in [
            (Rcode::NOERROR, &[300, 60, 3600][..], None, 60),
            (Rcode::NOERROR, &[0], None, 0),
            (Rcode::NOERROR, &[], Some(10), 10),
            (Rcode::NXDOMAIN, &[], Some(10), 10),
            (Rcode::NXDOMAIN, &[300], Some(10), 10),
            (Rcode::NXDOMAIN, &[5], Some(10), 5),
            (Rcode::NOERROR, &[], None, 0),
            (Rcode::SERVFAIL, &[300], None, 0),
            (Rcode::REFUSED, &[], None, 0),
        ] {
            let reply = reply(rcode, addresses, soa);
            assert_eq!(freshness(&reply), expected, "{rcode:?} {addresses:?}");
            let response = respond(reply.clone().into());
            assert_eq!(response.status(), StatusCode::OK);
            assert_eq!(
                response.headers()[CACHE_CONTROL],
                format!("max-age={expected}")
            );
            assert_eq!(response.headers()[CONTENT_TYPE], DNS);
        }
        let mut short = reply(Rcode::NOERROR, &[], Some(900));
        let minimum = short.len() - 4;
        short[minimum..].copy_from_slice(&30_u32.to_be_bytes());
        assert_eq!(freshness(&short), 30, "MINIMUM is smaller than the TTL");
        assert_eq!(freshness(&[0; 12]), 0);
    }
}
