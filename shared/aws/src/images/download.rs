//! Reading what ECR gives a URL for.
//!
//! The URL is signed, so the request carries nothing of ours. It leads to a bucket of AWS's; whatever else is in an
//! answer is not followed.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::http::{HttpConnector, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::byte_stream::ByteStream;
use hyper::Uri;

use crate::error::{Kind, PortError, chain};

/// From the first packet to the last.
const LONGEST: Duration = Duration::from_secs(5);

/// Under which AWS has its hosts.
const DOMAINS: [&str; 5] = [".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu", ".api.aws", ".on.aws"];

const OPERATION: &str = "GET of what GetDownloadUrlForLayer names";

/// Downloads over the HTTP client that the SDK has, too. Clones share their connections.
#[derive(Clone, Debug, Default)]
pub(crate) struct Downloads(Arc<OnceLock<SharedHttpConnector>>);

impl Downloads {
    /// Over a connector that others use, too.
    pub(crate) fn over(connector: SharedHttpConnector) -> Self {
        Self(Arc::new(OnceLock::from(connector)))
    }

    /// What a URL leads to, if it is no more than so many bytes.
    pub(super) async fn get(&self, url: &str, most: usize) -> Result<Vec<u8>, PortError> {
        let slow = |_| PortError::new(OPERATION, Kind::TimedOut, format!("no answer within {} s", LONGEST.as_secs()));
        tokio::time::timeout(LONGEST, self.read(url, most)).await.unwrap_or_else(|late| Err(slow(late)))
    }

    async fn read(&self, url: &str, most: usize) -> Result<Vec<u8>, PortError> {
        let failed = |kind, why: String| PortError::new(OPERATION, kind, why);
        check(url).map_err(|why| failed(Kind::Refused, why))?;
        let request = HttpRequest::get(url).map_err(|error| failed(Kind::Garbled, chain(&error)))?;
        let answer = self.0.get_or_init(connector).call(request).await.map_err(|error| {
            let kind = if error.is_timeout() { Kind::TimedOut } else { Kind::Unavailable };
            failed(kind, chain(&error))
        })?;
        match answer.status().as_u16() {
            200 => {}
            status @ 404 => return Err(failed(Kind::NotFound, format!("status {status}"))),
            status @ 500.. => return Err(failed(Kind::Unavailable, format!("status {status}"))),
            status => return Err(failed(Kind::Refused, format!("status {status}"))),
        }
        let (mut body, mut read) = (ByteStream::new(answer.into_body()), Vec::new());
        while let Some(part) = body.next().await {
            read.extend_from_slice(&part.map_err(|error| failed(Kind::Unavailable, chain(&error)))?);
            if read.len() > most {
                return Err(failed(Kind::Refused, format!("it is longer than {most} bytes")));
            }
        }
        Ok(read)
    }
}

fn connector() -> SharedHttpConnector {
    SharedHttpConnector::new(Connector::builder().tls_provider(Provider::Rustls(CryptoMode::Ring)).build())
}

/// Over TLS from a host of AWS's, or without it from a local world on loopback. The message leaves out all but the
/// host: the rest of the URL is as good as a password.
fn check(url: &str) -> Result<(), String> {
    let uri: Uri = url.parse().map_err(|_| "it names no URL that can be read".to_owned())?;
    let host = uri.host().unwrap_or_default();
    let allowed = match uri.scheme_str() {
        Some("https") => DOMAINS.iter().any(|domain| host.strip_suffix(domain).is_some_and(|name| !name.is_empty())),
        Some("http") => host.trim_matches(['[', ']']).parse().is_ok_and(|address: IpAddr| address.is_loopback()),
        _ => false,
    };
    let rule = "it must be https from a host of AWS's";
    if allowed { Ok(()) } else { Err(format!("it names {}://{host}: {rule}", uri.scheme_str().unwrap_or_default())) }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;

    /// A server on loopback that answers one request, and says what it was asked.
    fn answers(status: &'static str, body: &'static str) -> (String, std::thread::JoinHandle<String>) {
        let server = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}/config", server.local_addr().expect("an address"));
        let asked = std::thread::spawn(move || {
            let (mut caller, _) = server.accept().expect("a caller");
            let mut request = [0; 2048];
            let length = caller.read(&mut request).expect("a request");
            let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n", body.len());
            write!(caller, "{head}location: http://127.0.0.1:1/\r\n\r\n{body}").expect("an answer");
            String::from_utf8_lossy(&request[..length]).to_lowercase()
        });
        (url, asked)
    }

    async fn get(url: &str, most: usize) -> Result<String, (Kind, String)> {
        let read = Downloads::default().get(url, most).await;
        read.map(|body| String::from_utf8_lossy(&body).into_owned()).map_err(|error| (error.kind, error.message))
    }

    #[test]
    fn hosts_of_aws_are_read_over_tls_and_a_local_world_without() {
        for url in [
            "https://prod-eu-west-1-starport-layer-bucket.s3.eu-west-1.amazonaws.com/x?X-Amz-Signature=1",
            "https://bucket.s3.cn-north-1.amazonaws.com.cn/x",
            "https://bucket.s3.dualstack.eu-west-1.amazonaws.com:443/x",
            "https://bucket.s3.eu-west-1.api.aws/x",
            "http://127.0.0.1:4566/x",
            "http://[::1]:4566/x",
        ] {
            assert_eq!(check(url), Ok(()), "{url}");
        }
        for url in [
            "http://bucket.s3.eu-west-1.amazonaws.com/x",
            "https://127.0.0.1/x",
            "https://amazonaws.com/x",
            "https://evil-amazonaws.com/x",
            "https://amazonaws.com.evil.example/x",
            "https://bucket.s3.eu-west-1.amazonaws.com@evil.example/x",
            "http://169.254.169.254/latest/meta-data",
            "http://localhost:4566/x",
            "http://127.0.0.1.evil.example/x",
            "file:///etc/passwd",
            "/x",
            "",
        ] {
            assert!(check(url).is_err(), "{url}");
        }
    }

    #[test]
    fn a_refusal_names_the_host_and_keeps_the_signature_to_itself() {
        let refused = check("https://evil.example/x?X-Amz-Signature=secret").expect_err("a refusal");
        assert_eq!(refused, "it names https://evil.example: it must be https from a host of AWS's");
    }

    #[tokio::test]
    async fn what_is_there_is_read_whole_and_nothing_of_ours_goes_along() {
        let (url, asked) = answers("200 OK", r#"{"os":"linux"}"#);
        assert_eq!(get(&url, 100).await.as_deref(), Ok(r#"{"os":"linux"}"#));
        let asked = asked.join().expect("a request");
        assert!(asked.starts_with("get /config http/1.1"), "{asked}");
        assert!(!asked.contains("authorization"), "{asked}");
    }

    #[tokio::test]
    async fn what_is_too_long_is_not_read_to_its_end() {
        let (url, _asked) = answers("200 OK", "0123456789");
        assert_eq!(get(&url, 9).await, Err((Kind::Refused, "it is longer than 9 bytes".to_owned())));
    }

    #[tokio::test]
    async fn neither_a_redirect_nor_a_failure_is_an_answer() {
        for (status, kind) in [
            ("302 Found", Kind::Refused),
            ("307 Temporary Redirect", Kind::Refused),
            ("403 Forbidden", Kind::Refused),
            ("404 Not Found", Kind::NotFound),
            ("503 Slow Down", Kind::Unavailable),
        ] {
            let (url, _asked) = answers(status, "{}");
            assert_eq!(get(&url, 100).await.map_err(|(kind, _)| kind), Err(kind), "{status}");
        }
    }
}
