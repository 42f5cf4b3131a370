//! DNS over HTTPS (RFC 8484): what holds over HTTP/2 and HTTP/3 alike.

mod http2;
mod http3;

use std::io;

use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri};

use crate::upstream::reach::Target;

pub(super) use http2::Http2;
pub(super) use http3::Http3;

/// So many questions may be under way on one connection: what most servers let a client have (RFC 9113 §6.5.2).
pub(super) const SEATS: usize = 100;

/// How long the head of a response may be, in octets.
const MOST_HEAD: u32 = 16_384;

/// No DNS message is longer.
const MOST_BODY: usize = 65_535;

/// The media type of DNS messages (RFC 8484 §6).
const MESSAGE: HeaderValue = HeaderValue::from_static("application/dns-message");

/// Where questions to `target` go.
pub(super) fn uri(target: &Target) -> io::Result<Uri> {
    Uri::builder()
        .scheme("https")
        .authority(target.authority.as_str())
        .path_and_query(target.path.as_str())
        .build()
        .map_err(io::Error::other)
}

/// The head of a request with a question of so many octets. Nothing in it tells one client from another (RFC 8484 §8.2).
fn request(uri: &Uri, length: usize) -> Request<()> {
    let mut request = Request::new(());
    *request.method_mut() = Method::POST;
    *request.uri_mut() = uri.clone();
    let headers = request.headers_mut();
    headers.insert(ACCEPT, MESSAGE);
    headers.insert(CONTENT_TYPE, MESSAGE);
    headers.insert(CONTENT_LENGTH, length.into());
    request
}

/// Whether the body of a response is an answer.
fn check<T>(response: &Response<T>) -> io::Result<()> {
    let status = response.status();
    if status != StatusCode::OK {
        return Err(io::Error::other(format!("it says HTTP status {status}")));
    }
    let media_type = response.headers().get(CONTENT_TYPE);
    let is_message = media_type.is_some_and(|media_type| {
        let essence = media_type.as_bytes().split(|octet| *octet == b';').next();
        essence.is_some_and(|essence| {
            essence
                .trim_ascii()
                .eq_ignore_ascii_case(MESSAGE.as_bytes())
        })
    });
    if !is_message {
        return Err(io::Error::other(format!(
            "it sends {media_type:?} in place of application/dns-message"
        )));
    }
    Ok(())
}

/// Takes one more piece of a body.
fn take(body: &mut Vec<u8>, piece: &[u8]) -> io::Result<()> {
    if body.len() + piece.len() > MOST_BODY {
        return Err(io::Error::other("it sends more than a message can hold"));
    }
    body.extend_from_slice(piece);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_messages_are_answers() {
        for (status, media_type, good) in [
            (200, Some("application/dns-message"), true),
            (200, Some("Application/DNS-Message; charset=x"), true),
            (200, Some("text/html"), false),
            (200, Some("application/dns-message-not"), false),
            (200, None, false),
            (204, Some("application/dns-message"), false),
            (302, Some("application/dns-message"), false),
            (429, Some("application/dns-message"), false),
            (503, None, false),
        ] {
            let mut response = Response::builder().status(status);
            if let Some(media_type) = media_type {
                response = response.header(CONTENT_TYPE, media_type);
            }
            let response = response.body(()).unwrap();
            assert_eq!(check(&response).is_ok(), good, "{response:?}");
        }
    }

    #[test]
    fn bodies_have_an_end() {
        let mut body = Vec::new();
        for _ in 0..5 {
            take(&mut body, &[0; 13_107]).unwrap();
        }
        assert_eq!(body.len(), MOST_BODY);
        take(&mut body, &[0]).unwrap_err();
    }
}
