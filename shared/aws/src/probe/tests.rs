//! Against servers on loopback that say what they were asked.

use std::net::TcpListener;
use std::thread::JoinHandle;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tidegate_core::smoke::Expected;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use super::*;

/// Who signs certificates, and a prober that trusts nobody else.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::<String>::new()).expect("parameters");
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        Self(CertifiedIssuer::self_signed(params, key).expect("an authority"))
    }

    fn prober(&self) -> Prober {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).expect("an authority");
        Prober { local: true, tls: Arc::new(OnceLock::from(tls::trusting(roots))) }
    }

    /// A server's set-up for a host.
    fn server(&self, host: &str) -> Arc<ServerConfig> {
        let key = KeyPair::generate().expect("a key");
        let leaf = CertificateParams::new(vec![host.to_owned()]).expect("parameters");
        let leaf = leaf.signed_by(&key, &self.0).expect("a certificate");
        let private = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], private);
        Arc::new(config.expect("a set-up"))
    }
}

/// Answers one connection, and says what it was asked; empty where that could not be understood.
fn serve(tls: Option<Arc<ServerConfig>>, answer: String) -> (Endpoint, JoinHandle<String>) {
    let server = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = server.local_addr().expect("an address").port();
    let to = Endpoint { dns_name: "127.0.0.1".to_owned(), port, tls: tls.is_some(), internal: false };
    let asked = std::thread::spawn(move || {
        let (mut caller, _) = server.accept().expect("a caller");
        let Some(tls) = tls else { return talk(&mut caller, &answer) };
        let connection = ServerConnection::new(tls).expect("a connection");
        talk(&mut StreamOwned::new(connection, caller), &answer)
    });
    (to, asked)
}

fn talk(caller: &mut (impl std::io::Read + std::io::Write), answer: &str) -> String {
    let mut request = [0; 4096];
    let length = caller.read(&mut request).unwrap_or_default();
    // Whoever has read enough hangs up.
    let _ = caller.write_all(answer.as_bytes()).and_then(|()| caller.flush());
    String::from_utf8_lossy(&request[..length]).into_owned()
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n{headers}\r\n{body}", body.len())
}

fn get(host: Option<&str>) -> Request {
    Request {
        method: "GET".to_owned(),
        path: "/health?deep=true".to_owned(),
        host: host.map(str::to_owned),
        headers: [].into(),
        body: None,
        expected: Expected::default(),
    }
}

fn local() -> Prober {
    Authority::new("Tests").prober()
}

async fn why(prober: &Prober, to: &Endpoint, request: &Request) -> String {
    match prober.probe(to, request).await {
        Answer::Failed { why } => why,
        answered @ Answer::Answered { .. } => panic!("{answered:?}"),
    }
}

#[tokio::test]
async fn a_request_is_sent_as_it_is_written_and_its_answer_is_told() {
    let (to, asked) = serve(None, answer("201 Created", "", "accepted"));
    let request = Request {
        method: "POST".to_owned(),
        headers: [("content-type".to_owned(), "application/json".to_owned())].into(),
        body: Some("{}".to_owned()),
        ..get(Some("shop.example.com"))
    };
    let answered = local().probe(&to, &request).await;
    assert!(
        matches!(&answered, Answer::Answered { status: 201, body, cut: false, location: None, .. } if body == "accepted"),
        "{answered:?}"
    );
    let asked = asked.join().expect("a request");
    assert_eq!(asked.lines().next(), Some("POST /health?deep=true HTTP/1.1"));
    for line in
        ["host: shop.example.com", "content-type: application/json", "content-length: 2", "user-agent: tidegate/"]
    {
        assert!(asked.contains(line), "{line}: {asked}");
    }
    assert!(asked.ends_with("\r\n\r\n{}"), "{asked}");
}

#[tokio::test]
async fn over_tls_the_certificate_has_to_be_for_the_host_of_the_request() {
    let authority = Authority::new("Tests");
    let (to, asked) = serve(Some(authority.server("shop.example.com")), answer("200 OK", "", "ok"));
    let answered = authority.prober().probe(&to, &get(Some("shop.example.com"))).await;
    assert!(matches!(&answered, Answer::Answered { status: 200, body, .. } if body == "ok"), "{answered:?}");
    assert!(asked.join().expect("a request").contains("host: shop.example.com\r\n"));

    let (to, asked) = serve(Some(authority.server("shop.example.com")), answer("200 OK", "", "ok"));
    let refused = why(&authority.prober(), &to, &get(Some("other.example.com"))).await;
    assert_eq!(refused, "the certificate is not for other.example.com: it is for shop.example.com");
    assert_eq!(asked.join().expect("no request"), "", "nothing was asked of a server that is not the host");
}

#[tokio::test]
async fn a_certificate_that_nobody_known_vouches_for_is_refused() {
    let (to, asked) = serve(Some(Authority::new("Somebody").server("shop.example.com")), answer("200 OK", "", "ok"));
    let refused = why(&local(), &to, &get(Some("shop.example.com"))).await;
    assert_eq!(refused, "the certificate for shop.example.com is vouched for by nobody that the system trusts");
    assert_eq!(asked.join().expect("no request"), "");
}

#[tokio::test]
async fn what_does_not_speak_tls_is_told() {
    let (to, _asked) = serve(None, answer("400 Bad Request", "", ""));
    let refused = why(&local(), &Endpoint { tls: true, ..to }, &get(Some("shop.example.com"))).await;
    assert_eq!(refused, "what answers for shop.example.com does not speak TLS");
}

#[tokio::test]
async fn a_redirect_is_told_and_not_followed() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").expect("a port");
    elsewhere.set_nonblocking(true).expect("a listener");
    let location = format!("http://{}/login", elsewhere.local_addr().expect("an address"));
    let (to, _asked) = serve(None, answer("302 Found", &format!("location: {location}\r\n"), ""));
    let answered = local().probe(&to, &get(None)).await;
    assert!(
        matches!(&answered, Answer::Answered { status: 302, location: Some(told), .. } if *told == location),
        "{answered:?}"
    );
    assert!(elsewhere.accept().is_err(), "nobody went there");
}

#[tokio::test]
async fn of_a_long_body_no_more_is_read_than_is_kept() {
    for (length, is_cut) in [(LONGEST_BODY, false), (LONGEST_BODY + 1, true), (4 * LONGEST_BODY, true)] {
        let (to, _asked) = serve(None, answer("200 OK", "", &"x".repeat(length)));
        let answered = local().probe(&to, &get(None)).await;
        assert!(
            matches!(&answered, Answer::Answered { body, cut, .. } if body.len() == LONGEST_BODY && *cut == is_cut),
            "{length}"
        );
    }
}

#[tokio::test]
async fn an_answer_that_ends_too_early_is_none() {
    let (to, _asked) = serve(None, "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf".to_owned());
    let told = why(&local(), &to, &get(None)).await;
    assert!(told.starts_with(&format!("no answer of 127.0.0.1:{} that is HTTP: ", to.port)), "{told}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_not_waited_for_much_longer_than_it_may_take() {
    let server = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = server.local_addr().expect("an address").port();
    let to = Endpoint { dns_name: "127.0.0.1".to_owned(), port, tls: false, internal: false };
    let request = Request { expected: Expected { within_ms: 500, ..Expected::default() }, ..get(None) };
    assert_eq!(why(&local(), &to, &request).await, format!("no answer of 127.0.0.1:{port} within 1500 ms"));
}

#[tokio::test]
async fn a_port_at_which_nobody_listens_is_told() {
    let port = TcpListener::bind("127.0.0.1:0").and_then(|server| server.local_addr()).expect("a port").port();
    let to = Endpoint { dns_name: "127.0.0.1".to_owned(), port, tls: false, internal: false };
    let told = why(&local(), &to, &get(None)).await;
    assert_eq!(told, format!("nothing listens at 127.0.0.1:{port}: the connection to 127.0.0.1 is refused"));
}

#[tokio::test]
async fn in_lambda_not_even_loopback_is_asked() {
    let server = TcpListener::bind("127.0.0.1:0").expect("a port");
    server.set_nonblocking(true).expect("a listener");
    let port = server.local_addr().expect("an address").port();
    for dns_name in ["127.0.0.1", "169.254.169.254", "shop.example.com"] {
        let to = Endpoint { dns_name: dns_name.to_owned(), port, tls: false, internal: true };
        let told = why(&Prober::new(ClockSource::System), &to, &get(None)).await;
        assert!(told.starts_with(&format!("{dns_name:?} is no load balancer of AWS's")), "{told}");
    }
    assert!(server.accept().is_err(), "nobody was asked");
}
