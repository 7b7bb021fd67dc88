//! Which policy an image is judged by.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Error, Result, bail, ensure};
use jiff::Timestamp;
use scan_gate::settings::Settings;
use tidegate_aws::deadline::Deadline;
use tidegate_aws::parameters::Parameters;
use tidegate_core::scan::document::{self, Document};
use tidegate_lambda::images;
use tidegate_lambda::images::document::{PARAMETER_NAME, is_parameter_name};

use crate::input;

/// Where the policy is.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Rules {
    /// The policy document [default: the built-in one].
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// The SSM parameter with the policy document [default: the one that `TIDEGATE_SCAN_POLICY` names, if any].
    #[arg(long, value_name = "NAME", conflicts_with_all = ["findings", "policy"], value_parser = parameter)]
    pub policy_parameter: Option<String>,
}

fn parameter(text: &str) -> Result<String, String> {
    if is_parameter_name(text) { Ok(text.to_owned()) } else { Err(PARAMETER_NAME.to_owned()) }
}

/// The parameter is given so long.
const PATIENCE: Duration = Duration::from_secs(30);

impl Rules {
    /// The document in a file. None where none is named.
    ///
    /// # Errors
    /// Where it can't be read, with every fault and its line.
    pub fn in_file(&self, now: Timestamp) -> Result<Option<Document>> {
        self.policy.as_deref().map(|file| read(file, now)).transpose()
    }

    /// The document in a file, or else in a parameter of the account. None where neither is named.
    ///
    /// # Errors
    /// Where it can't be read, with every fault and its line.
    pub async fn in_account(
        &self,
        ports: &impl Parameters,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<Option<Document>> {
        if let Some(document) = self.in_file(now)? {
            return Ok(Some(document));
        }
        let Some(name) = self.policy_parameter.as_deref().or(settings.policy_parameter.as_deref()) else {
            return Ok(None);
        };
        let patience = Deadline::within(PATIENCE);
        let read = images::document::document(ports, &patience, Some(name), now);
        read.await.map(Some).map_err(Error::msg)
    }
}

fn read(file: &Path, now: Timestamp) -> Result<Document> {
    ensure!(file.as_os_str() != "-", "--policy must be a file");
    let read = input::read(file, std::io::empty())?;
    match document::read(&read.text, now) {
        Ok(document) => Ok(document),
        Err(faults) => {
            let faults: Vec<String> =
                faults.iter().map(|fault| format!("{}:{}: {}", read.name, fault.line, fault.told())).collect();
            bail!("the policy can't be read, so nothing passes by it\n{}", faults.join("\n"))
        }
    }
}
