//! How the SDK is set up, and the one value that implements every port with it.

use std::time::Duration;

use aws_config::environment::{EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider};
use aws_config::meta::region::ProvideRegion;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::{
    HttpConnectorSettings, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

use crate::calls::Calls;
use crate::clock::{Clock, ClockSource};

/// Attempts of one call: with three in ten throttled, one call in 1,400 fails.
const ATTEMPTS: u32 = 6;

/// The SDK's own first pause is a second, which is long in a run of a minute.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// The SDK has no time-outs but its own for connecting, and a call that hangs would eat the whole invocation.
const CONNECT: Duration = Duration::from_millis(3100);
const ATTEMPT: Duration = Duration::from_secs(3);
const OPERATION: Duration = Duration::from_secs(10);

/// Every port, with the AWS SDK behind it. Clones share their connections.
#[derive(Clone, Debug)]
pub struct Aws {
    #[cfg(feature = "autoscaling")]
    pub(crate) autoscaling: crate::bare::Bare,
    #[cfg(feature = "cloudwatch")]
    pub(crate) cloudwatch: crate::bare::Bare,
    #[cfg(feature = "codedeploy")]
    pub(crate) codedeploy: crate::bare::Bare,
    #[cfg(feature = "ecs")]
    pub(crate) ecs: crate::bare::Bare,
    #[cfg(feature = "functions")]
    pub(crate) lambda: crate::bare::Bare,
    #[cfg(feature = "images")]
    pub(crate) ecr: crate::bare::Bare,
    #[cfg(feature = "images")]
    pub(crate) downloads: crate::images::Downloads,
    #[cfg(feature = "inspector")]
    pub(crate) inspector: crate::bare::Bare,
    #[cfg(feature = "loadbalancing")]
    pub(crate) elb: crate::bare::Bare,
    #[cfg(feature = "logs")]
    pub(crate) logs: crate::bare::Bare,
    #[cfg(feature = "probe")]
    pub(crate) prober: crate::probe::Prober,
    #[cfg(feature = "notifications")]
    pub(crate) sns: crate::bare::Bare,
    #[cfg(feature = "operator")]
    pub(crate) operator: crate::operator::Clients,
    #[cfg(feature = "parameters")]
    pub(crate) ssm: crate::bare::Bare,
    #[cfg(feature = "app-specs")]
    pub(crate) s3: crate::bare::Bare,
    #[cfg(feature = "queues")]
    pub(crate) sqs: crate::bare::Bare,
    #[cfg(feature = "tagging")]
    pub(crate) tagging: crate::bare::Bare,
    clock: ClockSource,
    pub(crate) calls: Calls,
    region: String,
}

impl Aws {
    /// For a Lambda function: credentials and region from the environment, where Lambda puts them, and from nowhere
    /// else. The SDK's loader would bring everything that could look for them elsewhere, a tenth of the binary.
    pub async fn in_lambda(clock: ClockSource) -> Self {
        let credentials = SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new());
        // Whatever is called shares one connector: another one would load the authorities again.
        let connector = connector();
        let shared = connector.clone();
        let mut config = SdkConfig::builder()
            .behavior_version(behaviour())
            .http_client(http_client_fn(move |_, _| shared.clone()))
            .retry_config(retries())
            .timeout_config(timeouts())
            .credentials_provider(credentials)
            .service_config(Endpoints);
        config.set_region(EnvironmentVariableRegionProvider::new().region().await);
        config.set_endpoint_url(variable(ENDPOINT_URL));
        Self::over(&config.build(), clock, Some(connector))
    }

    /// Clients for a configuration.
    #[must_use]
    pub fn new(config: &SdkConfig, clock: ClockSource) -> Self {
        Self::over(config, clock, None)
    }

    /// The same, where whatever is not called through a client goes over a connector that there is already.
    #[allow(unused_variables, reason = "not every function downloads")]
    fn over(config: &SdkConfig, clock: ClockSource, connector: Option<SharedHttpConnector>) -> Self {
        let calls = Calls::default();
        #[cfg(feature = "bare")]
        macro_rules! bare {
            ($port:ident) => {
                crate::bare::Bare::new(&crate::$port::SERVICE, config, &calls)
            };
        }
        Self {
            #[cfg(feature = "autoscaling")]
            autoscaling: bare!(autoscaling),
            #[cfg(feature = "cloudwatch")]
            cloudwatch: bare!(cloudwatch),
            #[cfg(feature = "codedeploy")]
            codedeploy: bare!(codedeploy),
            #[cfg(feature = "ecs")]
            ecs: bare!(ecs),
            #[cfg(feature = "functions")]
            lambda: bare!(functions),
            #[cfg(feature = "images")]
            ecr: bare!(images),
            #[cfg(feature = "images")]
            downloads: connector.map_or_else(Default::default, crate::images::Downloads::over),
            #[cfg(feature = "inspector")]
            inspector: bare!(inspector),
            #[cfg(feature = "loadbalancing")]
            elb: bare!(loadbalancing),
            #[cfg(feature = "logs")]
            logs: bare!(logs),
            #[cfg(feature = "probe")]
            prober: crate::probe::Prober::new(clock),
            #[cfg(feature = "notifications")]
            sns: bare!(notifications),
            #[cfg(feature = "operator")]
            operator: crate::operator::Clients::new(config, &calls),
            #[cfg(feature = "parameters")]
            ssm: bare!(parameters),
            #[cfg(feature = "app-specs")]
            s3: crate::bare::Bare::new(&crate::app_specs::S3, config, &calls),
            #[cfg(feature = "queues")]
            sqs: bare!(queues),
            #[cfg(feature = "tagging")]
            tagging: bare!(tagging),
            clock,
            calls,
            region: config.region().map_or_else(String::new, ToString::to_string),
        }
    }

    /// The region that is worked in.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }
}

impl Clock for Aws {
    async fn now(&self) -> jiff::Timestamp {
        self.clock.now().await
    }

    async fn sleep(&self, length: Duration) {
        self.clock.sleep(length).await;
    }
}

/// The clients of whoever is not in Lambda: credentials and region from wherever the SDK finds them.
#[must_use]
pub fn loader() -> ConfigLoader {
    aws_config::defaults(behaviour()).http_client(https()).retry_config(retries()).timeout_config(timeouts())
}

/// Pinned: a newer one would change retries and time-outs that budgets were measured with.
fn behaviour() -> BehaviorVersion {
    BehaviorVersion::v2026_01_12()
}

/// For calls whose time-outs for connecting are all the same.
fn connector() -> SharedHttpConnector {
    let settings = HttpConnectorSettings::builder().connect_timeout(CONNECT).build();
    let connector = Connector::builder().connector_settings(settings);
    SharedHttpConnector::new(connector.tls_provider(Provider::Rustls(CryptoMode::Ring)).build())
}

fn https() -> SharedHttpClient {
    Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
}

fn retries() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(ATTEMPTS)
        .with_initial_backoff(FIRST_PAUSE)
        .with_max_backoff(LONGEST_PAUSE)
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(ATTEMPT)
        .operation_timeout(OPERATION)
        .build()
}

/// Where calls go that do not go to AWS, such as to an emulator: of one service `AWS_ENDPOINT_URL_ECS`, and so on.
const ENDPOINT_URL: &str = "AWS_ENDPOINT_URL";

/// The endpoints of single services.
#[derive(Debug)]
struct Endpoints;

impl LoadServiceConfig for Endpoints {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let service = key.service_id().to_uppercase().replace(' ', "_");
        (key.env() == ENDPOINT_URL).then(|| variable(&format!("{ENDPOINT_URL}_{service}")))?
    }
}

#[expect(clippy::disallowed_methods, reason = "what the SDK's own loader would read")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
