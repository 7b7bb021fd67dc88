//! Reading the environment: every variable checked, and every fault reported in one message.

use std::time::Duration;

use tidegate_core::tags;

/// A variable that can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name} is {value:?}: {rule}")]
pub struct SettingFault {
    /// The variable.
    pub name: String,
    /// Its value.
    pub value: String,
    /// What it should be.
    pub rule: String,
}

/// Every variable that can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct SettingFaults(pub Vec<SettingFault>);

/// Reads variables from anywhere, and keeps the faults until [`Reader::finish`].
pub struct Reader<S> {
    source: S,
    faults: Vec<SettingFault>,
}

impl<S: Fn(&str) -> Option<String>> Reader<S> {
    /// Reads from a function that knows the variables.
    pub fn new(source: S) -> Self {
        Self { source, faults: Vec::new() }
    }

    /// A variable that may be absent; an empty one is absent too, since a template can't leave one out.
    pub fn text(&self, name: &str) -> Option<String> {
        (self.source)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    /// A variable that `parse` understands, or the default where it is absent.
    pub fn parsed<T>(&mut self, name: &str, rule: &str, default: T, parse: impl FnOnce(&str) -> Option<T>) -> T {
        let Some(value) = self.text(name) else { return default };
        parse(&value).unwrap_or_else(|| {
            self.faults.push(SettingFault { name: name.to_owned(), value, rule: rule.to_owned() });
            default
        })
    }

    /// A number within a range.
    pub fn number(&mut self, name: &str, least: f64, most: f64, default: f64) -> f64 {
        let rule = format!("must be a number from {least} to {most}");
        self.parsed(name, &rule, default, |text| {
            text.parse().ok().filter(|number: &f64| (least..=most).contains(number))
        })
    }

    /// A duration such as `90s` or `2m`, within a range.
    pub fn duration(&mut self, name: &str, least: Duration, most: Duration, default: Duration) -> Duration {
        let rule =
            format!("must be seconds or minutes such as 90s or 2m, from {} s to {} s", least.as_secs(), most.as_secs());
        let length = |text: &str| tags::seconds(text).map(|seconds| Duration::from_secs(seconds.into()));
        self.parsed(name, &rule, default, |text| length(text).filter(|length| (least..=most).contains(length)))
    }

    /// What was read, or every fault.
    ///
    /// # Errors
    /// [`SettingFaults`] with the name, the value and the rule of each.
    pub fn finish<T>(self, settings: T) -> Result<T, SettingFaults> {
        if self.faults.is_empty() { Ok(settings) } else { Err(SettingFaults(self.faults)) }
    }
}
