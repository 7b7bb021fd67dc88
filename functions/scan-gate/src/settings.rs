//! The environment of the gate, checked once, all faults reported together.

use tidegate_aws::settings::{Reader, SettingFaults};
use tidegate_core::mode::Mode;
use tidegate_core::scan::Action;
use tidegate_lambda::images::document::{PARAMETER_NAME, is_parameter_name};
use tidegate_lambda::settings::Common;

/// How this installation gates images.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What every function is told.
    pub common: Common,
    /// Name of the SSM parameter with the policy; the built-in one where there is none.
    pub policy_parameter: Option<String>,
    /// How far each action may go.
    pub switches: Switches,
}

/// How far each action may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Switches {
    /// Deployments that bring a blocked image are stopped.
    pub stop_deployments: Mode,
    /// Task-definition revisions that name one are deregistered.
    pub deregister: Mode,
    /// Blocked images are archived.
    pub archive: Mode,
    /// Stand-alone tasks that run one are stopped.
    pub stop_tasks: Mode,
}

impl Switches {
    /// The switch of an action.
    #[must_use]
    pub fn of(&self, action: Action) -> Mode {
        match action {
            Action::StopDeployment => self.stop_deployments,
            Action::DeregisterTaskDefinition => self.deregister,
            Action::ArchiveImage => self.archive,
            Action::StopTask => self.stop_tasks,
        }
    }
}

impl Settings {
    /// Reads the environment.
    ///
    /// # Errors
    /// Every variable that can't be used, with its value and the rule.
    pub fn read(source: impl Fn(&str) -> Option<String>) -> Result<Self, SettingFaults> {
        let mut reader = Reader::new(source);
        let common = Common::read(&mut reader);
        let policy_parameter = reader.parsed("TIDEGATE_SCAN_POLICY", PARAMETER_NAME, None, |text| {
            is_parameter_name(text).then(|| Some(text.to_owned()))
        });
        let mut switch =
            |variable: &str, default| reader.parsed(variable, "must be off, shadow or on", default, Mode::from_word);
        // What goes further than a deployment is looked at first.
        let switches = Switches {
            stop_deployments: switch("TIDEGATE_STOP_DEPLOYMENTS", Mode::On),
            deregister: switch("TIDEGATE_DEREGISTER", Mode::Shadow),
            archive: switch("TIDEGATE_ARCHIVE", Mode::Shadow),
            stop_tasks: switch("TIDEGATE_STOP_TASKS", Mode::Shadow),
        };
        reader.finish(Self { common, policy_parameter, switches })
    }
}
