//! A certificate authority of our own, beside those that the system trusts.

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// Where Debian and its like keep the certificates that they trust.
pub const SYSTEM: &str = "/etc/ssl/certs/ca-certificates.crt";

/// A server's set-up for 127.0.0.1, and a file with the certificates to trust: the system's and ours, as many as a
/// function on Lambda has to load.
///
/// # Errors
/// Where certificates can't be made or written.
pub fn authority() -> Result<(Arc<ServerConfig>, PathBuf), Box<dyn Error>> {
    let mut issuer = CertificateParams::new(Vec::<String>::new())?;
    issuer.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(issuer, KeyPair::generate()?)?;
    let key = KeyPair::generate()?;
    let leaf = CertificateParams::new(vec!["127.0.0.1".to_owned()])?.signed_by(&key, &issuer)?;
    let private = PrivateKeyDer::try_from(key.serialize_der())?;
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], private)?;

    let file = std::env::temp_dir().join(format!("tidegate-bench-{}.pem", std::process::id()));
    let system = fs::read_to_string(SYSTEM).unwrap_or_default();
    fs::write(&file, format!("{system}\n{}", issuer.pem()))?;
    Ok((Arc::new(config), file))
}
