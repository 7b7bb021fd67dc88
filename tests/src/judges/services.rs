//! The services whose releases are simulated.

use super::clumps::Clumps;
use super::release::Setting;

/// Requests a minute.
pub const TRAFFIC: [f64; 4] = [100.0, 1_000.0, 10_000.0, 100_000.0];

/// Shares of the canary.
pub const SHARES: [f64; 5] = [0.01, 0.05, 0.1, 0.25, 0.5];

/// Shares of requests that end in a 5xx.
pub const ERROR_RATES: [f64; 5] = [0.0001, 0.001, 0.005, 0.01, 0.05];

/// The service of the tables that are not about every service.
pub const REFERENCE: Setting = Setting {
    requests_per_minute: 1_000.0,
    canary_share: 0.1,
    error_rate: 0.005,
    slow_rate: None,
    clumps: Clumps::Independent,
};

/// The share of slow requests, where they are counted.
pub const SLOW_RATE: f64 = 0.01;

/// Every traffic with every share and every error rate.
#[must_use]
pub fn every(clumps: Clumps, slow_rate: Option<f64>) -> Vec<Setting> {
    let mut services = Vec::new();
    for requests_per_minute in TRAFFIC {
        for canary_share in SHARES {
            for error_rate in ERROR_RATES {
                services.push(Setting { requests_per_minute, canary_share, error_rate, slow_rate, clumps });
            }
        }
    }
    services
}
