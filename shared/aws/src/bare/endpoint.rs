//! Where services are.

use aws_config::SdkConfig;
use aws_types::service_config::ServiceConfigKey;

/// What has to be known of a service.
#[derive(Debug)]
pub(crate) struct Service {
    /// The SDK's name of it, which its calls are counted and its endpoint is set by: `AWS_ENDPOINT_URL_LAMBDA`.
    pub(crate) id: &'static str,
    /// What its host names begin with.
    pub(crate) host: &'static str,
    /// What its calls are signed for.
    pub(crate) signed_for: &'static str,
}

/// Where a service is: where the environment says, or else in a region.
#[derive(Clone, Debug)]
pub(super) struct Place {
    set: Option<String>,
    fips: bool,
    dual_stack: bool,
}

impl Place {
    /// As the SDK's clients take it from the same configuration.
    pub(super) fn of(service: &Service, config: &SdkConfig) -> Self {
        let key = ServiceConfigKey::builder().service_id(service.id).env("AWS_ENDPOINT_URL").profile("endpoint_url");
        let own = config.service_config().zip(key.build().ok()).and_then(|(services, key)| services.load_config(key));
        let set = match config.endpoint_url() {
            Some(url) if config.get_origin("endpoint_url").is_client_config() => Some(url.to_owned()),
            url => own.or_else(|| url.map(str::to_owned)),
        };
        let is_on = |setting: Option<bool>| setting.unwrap_or_default();
        Self { set, fips: is_on(config.use_fips()), dual_stack: is_on(config.use_dual_stack()) }
    }

    /// The endpoint of a service in a region.
    pub(super) fn url(&self, service: &Service, region: &str) -> String {
        self.set.clone().unwrap_or_else(|| {
            let fips = if self.fips { "-fips" } else { "" };
            let (plain, dual) = domains(region);
            let domain = if self.dual_stack { dual } else { plain };
            // ECR's plain name is the odd one.
            let odd = service.host.strip_prefix("api.").filter(|_| self.fips || self.dual_stack);
            format!("https://{}{fips}.{region}.{domain}", odd.unwrap_or(service.host))
        })
    }
}

/// The domains of a region's partition: with IPv4 alone, and with both.
///
/// Source: <https://docs.aws.amazon.com/general/latest/gr/rande.html>
fn domains(region: &str) -> (&'static str, &'static str) {
    match region.split('-').next().unwrap_or_default() {
        "cn" => ("amazonaws.com.cn", "api.amazonwebservices.com.cn"),
        "eusc" => ("amazonaws.eu", "api.amazonwebservices.eu"),
        _ => ("amazonaws.com", "api.aws"),
    }
}

#[cfg(test)]
mod tests {
    use aws_config::Region;
    use aws_types::service_config::LoadServiceConfig;

    use super::*;

    const LOGS: Service = Service { id: "CloudWatch Logs", host: "logs", signed_for: "logs" };

    /// Says where one service is.
    #[derive(Debug)]
    struct Set(&'static str);

    impl LoadServiceConfig for Set {
        fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
            (key.service_id() == self.0).then(|| "http://127.0.0.1:2".to_owned())
        }
    }

    #[test]
    fn a_service_is_in_its_region_unless_the_environment_says_where() {
        let of = |region: &'static str| SdkConfig::builder().region(Region::new(region));
        for (config, expected) in [
            (of("eu-west-1"), "https://logs.eu-west-1.amazonaws.com"),
            (of("cn-north-1"), "https://logs.cn-north-1.amazonaws.com.cn"),
            (of("eusc-de-east-1"), "https://logs.eusc-de-east-1.amazonaws.eu"),
            (of("us-gov-west-1").use_fips(true), "https://logs-fips.us-gov-west-1.amazonaws.com"),
            (of("us-east-1").use_dual_stack(true), "https://logs.us-east-1.api.aws"),
            (of("eu-west-1").endpoint_url("http://127.0.0.1:1"), "http://127.0.0.1:1"),
            (of("eu-west-1").service_config(Set("CloudWatch Logs")), "http://127.0.0.1:2"),
            (of("eu-west-1").service_config(Set("Lambda")), "https://logs.eu-west-1.amazonaws.com"),
        ] {
            let config = config.build();
            let region = config.region().map(AsRef::as_ref).expect("a region");
            assert_eq!(Place::of(&LOGS, &config).url(&LOGS, region), expected);
        }
    }
}
