//! Who is believed to be the host: whoever the system's authorities vouch for, as with every call to AWS.

use std::io;
use std::sync::Arc;

use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{CertificateError, ClientConfig, Error, RootCertStore};

use crate::error::chain;

/// Trusts the system's authorities.
pub(super) fn connector() -> Result<TlsConnector, String> {
    let mut roots = RootCertStore::empty();
    let (trusted, _) = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if trusted == 0 {
        return Err("no certificate can be verified: the system has no authorities".to_owned());
    }
    trusting(roots)
}

/// Trusts these authorities.
pub(super) fn trusting(roots: RootCertStore) -> Result<TlsConnector, String> {
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    let builder = builder.with_safe_default_protocol_versions().map_err(|error| chain(&error))?;
    Ok(TlsConnector::from(Arc::new(builder.with_root_certificates(roots).with_no_client_auth())))
}

/// The name that a certificate has to be for.
pub(super) fn name(host: &str) -> Result<ServerName<'static>, String> {
    ServerName::try_from(host.to_owned()).map_err(|_| format!("{host:?} is no name that a certificate could be for"))
}

/// Why there is no connection over TLS.
pub(super) fn told(error: &io::Error, host: &str) -> String {
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<Error>());
    match cause {
        Some(Error::InvalidCertificate(CertificateError::NotValidForNameContext { presented, .. })) => {
            // They come as `DnsName("shop.example.com")`.
            let bare = |name: &String| name.split('"').nth(1).unwrap_or(name).to_owned();
            let names: Vec<String> = presented.iter().map(bare).collect();
            format!("the certificate is not for {host}: it is for {}", names.join(", "))
        }
        Some(Error::InvalidCertificate(CertificateError::NotValidForName)) => {
            format!("the certificate is not for {host}")
        }
        Some(Error::InvalidCertificate(CertificateError::UnknownIssuer)) => {
            format!("the certificate for {host} is vouched for by nobody that the system trusts")
        }
        Some(Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. })) => {
            format!("the certificate for {host} has expired")
        }
        Some(Error::InvalidMessage(_)) => format!("what answers for {host} does not speak TLS"),
        _ => format!("no connection over TLS for {host}: {}", chain(error)),
    }
}
