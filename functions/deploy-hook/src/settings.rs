//! The environment of the function, checked once, all faults reported together.

use jiff::Timestamp;
use tidegate_aws::settings::{Reader, SettingFaults};
use tidegate_core::hook::{Policy, enrolment};
use tidegate_core::mode::Mode;
use tidegate_core::tags::{PREFIX, Tags};
use tidegate_lambda::images::document::{PARAMETER_NAME, is_parameter_name};
use tidegate_lambda::settings::Common;

/// How this installation judges.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// What every function is told.
    pub common: Common,
    /// The policy of a service whose tags say nothing else.
    pub defaults: Policy,
    /// Name of the SSM parameter with the policy for images; the built-in one where there is none.
    pub policy_parameter: Option<String>,
    /// Name of the copy in the VPC, which sends smoke requests to internal load balancers; None where there is none.
    pub prober: Option<String>,
}

/// Variables that are defaults of tags, and their tags.
pub const OF_TAGS: [(&str, &str); 2] = [("TIDEGATE_PREFLIGHT", "preflight"), ("TIDEGATE_PATIENCE", "patience")];

/// Whether this is the copy in the VPC, which has no rights and does nothing but to send smoke requests.
pub const PROBES_ONLY: &str = "TIDEGATE_PROBES_ONLY";

impl Settings {
    /// Reads the environment.
    ///
    /// # Errors
    /// Every variable that can't be used, with its value and the rule.
    pub fn read(source: impl Fn(&str) -> Option<String>) -> Result<Self, SettingFaults> {
        let mut reader = Reader::new(source);
        let common = Common::read(&mut reader);
        let mut defaults = Policy { mode: common.mode, ..Policy::default() };
        for (variable, tag) in OF_TAGS {
            // A default is what the tag would be, and broken where the tag would be.
            let rule = read_tag(tag, "?", &defaults).err().unwrap_or_default();
            let before = defaults.clone();
            defaults = reader.parsed(variable, &rule, before.clone(), |text| {
                read_tag(tag, text, &before).ok().map(|policy| Policy { mode: before.mode, ..policy })
            });
        }
        let policy_parameter = reader.parsed("TIDEGATE_SCAN_POLICY", PARAMETER_NAME, None, |text| {
            is_parameter_name(text).then(|| Some(text.to_owned()))
        });
        let prober = reader.parsed("TIDEGATE_PROBER", FUNCTION_NAME, None, |text| {
            is_function_name(text).then(|| Some(text.to_owned()))
        });
        // Read elsewhere too, as it decides what this process is; a word that is none of the two is a fault here.
        let _probes_only = reader.parsed(PROBES_ONLY, "must be true or false", false, |text| text.parse().ok());
        reader.finish(Self { common, defaults, policy_parameter, prober })
    }
}

/// The rule for the name of a function.
const FUNCTION_NAME: &str = "must be the name of a Lambda function: letters, digits and - _, at most 64";

fn is_function_name(text: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    !text.is_empty() && text.len() <= 64 && text.bytes().all(letter)
}

/// The defaults with one tag; the rule where it is broken.
fn read_tag(tag: &str, value: &str, defaults: &Policy) -> Result<Policy, String> {
    let tags =
        Tags::new([(format!("{PREFIX}{tag}"), value), (format!("{PREFIX}{}", enrolment::HOOK), Mode::On.as_str())]);
    let read = enrolment::read(&tags, &Tags::default(), defaults, Timestamp::UNIX_EPOCH);
    read.map_err(|faults| faults.first().map(|fault| fault.rule.clone()).unwrap_or_default())
}
