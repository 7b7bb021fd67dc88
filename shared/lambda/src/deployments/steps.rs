//! How a deployment shifts its traffic, and when its hook has to be answered.

use jiff::Timestamp;
use tidegate_core::canary::facts::Strategy;

use super::{InProgress, Of};

impl InProgress {
    /// How traffic is shifted.
    #[must_use]
    pub fn strategy(&self) -> Strategy {
        match &self.of {
            Of::CodeDeploy { deployment, .. } => code_deploy(&deployment.config).0,
            Of::Ecs { deployment, .. } => match deployment.strategy.as_str() {
                "CANARY" => Strategy::Canary,
                "LINEAR" => Strategy::Linear,
                "BLUE_GREEN" => Strategy::BlueGreen,
                "ROLLING" | "" => Strategy::Rolling,
                _ => Strategy::Unknown,
            },
        }
    }

    /// The share of the first step, in percent. None where nothing is shifted in steps, or it is not known.
    #[must_use]
    pub fn step_percent(&self) -> Option<f64> {
        match &self.of {
            Of::CodeDeploy { deployment, .. } => code_deploy(&deployment.config).1,
            Of::Ecs { deployment, .. } => deployment.step_percent,
        }
    }

    /// Minutes of the first step. None where nothing is shifted in steps, or it is not known.
    #[must_use]
    pub fn step_minutes(&self) -> Option<u32> {
        match &self.of {
            Of::CodeDeploy { deployment, .. } => code_deploy(&deployment.config).2,
            Of::Ecs { deployment, .. } => deployment.step_minutes,
        }
    }

    /// When ECS gives up the hook that calls a function, by its name. None where it calls none, or CodeDeploy deploys.
    #[must_use]
    pub fn hook_expires(&self, function: &str) -> Option<Timestamp> {
        let Of::Ecs { deployment, .. } = &self.of else { return None };
        let ours = |arn: &str| arn.split(":function:").nth(1).and_then(|name| name.split(':').next()) == Some(function);
        deployment.hooks.iter().find(|hook| ours(&hook.function)).and_then(|hook| hook.expires)
    }
}

/// Strategy, share and minutes of `CodeDeployDefault.ECSCanary10Percent5Minutes`, `ECSLinear10PercentEvery1Minutes` and
/// their like. A configuration of the user's own may be called anything.
fn code_deploy(config: &str) -> (Strategy, Option<f64>, Option<u32>) {
    for (word, strategy) in [("Canary", Strategy::Canary), ("Linear", Strategy::Linear)] {
        if let Some((_, rest)) = config.split_once(word) {
            let (percent, minutes) = rest.split_once("Percent").unzip();
            let minutes = minutes.map(|rest| rest.strip_prefix("Every").unwrap_or(rest));
            let minutes = minutes.and_then(|rest| rest.strip_suffix("Minutes")?.parse().ok());
            return (strategy, percent.and_then(|percent| percent.parse().ok()), minutes);
        }
    }
    let all_at_once = config.contains("AllAtOnce");
    (if all_at_once { Strategy::BlueGreen } else { Strategy::Unknown }, None, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codedeploy_s_own_configurations_say_how_they_shift() {
        for (config, told) in [
            ("CodeDeployDefault.ECSCanary10Percent5Minutes", (Strategy::Canary, Some(10.0), Some(5))),
            ("CodeDeployDefault.ECSLinear10PercentEvery3Minutes", (Strategy::Linear, Some(10.0), Some(3))),
            ("CodeDeployDefault.ECSAllAtOnce", (Strategy::BlueGreen, None, None)),
            ("MyCanary", (Strategy::Canary, None, None)),
            ("Slowly", (Strategy::Unknown, None, None)),
        ] {
            assert_eq!(code_deploy(config), told, "{config}");
        }
    }
}
