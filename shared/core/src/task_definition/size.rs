//! How large a task is, read from what people write, and for which CPU.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html#task_size>

use crate::prices::Architecture;

use super::TaskDefinition;

impl TaskDefinition {
    /// Its CPU in units of 1/1024 vCPU: `1024`, `1 vCPU`, `.5vcpu`. Absent where it has none, or it can't be read.
    #[must_use]
    pub fn cpu_units(&self) -> Option<u32> {
        read(self.cpu.as_deref()?, &["vcpu"])
    }

    /// Its memory in MiB: `2048`, `2 GB`. Absent where it has none, or it can't be read.
    #[must_use]
    pub fn memory_mib(&self) -> Option<u32> {
        read(self.memory.as_deref()?, &["gib", "gb"])
    }

    /// What its tasks need of a CPU. Where nothing says it, Fargate has a default, and an instance may be of any.
    #[must_use]
    pub fn architecture(&self, on_fargate: Option<bool>) -> Option<Architecture> {
        match self.runtime_platform.cpu_architecture.as_str() {
            "X86_64" => Some(Architecture::X86_64),
            "ARM64" => Some(Architecture::Arm64),
            "" if on_fargate.unwrap_or_else(|| self.is_for_fargate_alone()) => Some(Architecture::X86_64),
            _ => None,
        }
    }
}

/// A number of the small unit, or one of the large unit, of which each is 1024.
fn read(text: &str, large: &[&str]) -> Option<u32> {
    let text = text.trim().to_ascii_lowercase();
    let of_large = large.iter().find_map(|unit| text.strip_suffix(unit));
    match of_large {
        None => text.parse().ok(),
        Some(number) => {
            let number: f64 = number.trim().parse().ok()?;
            let small = (number * 1024.0).round();
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the bounds")]
            (1.0..=f64::from(u32::MAX)).contains(&small).then_some(small as u32)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        let cpu =
            [("256", Some(256)), ("1 vCPU", Some(1024)), (".25 vcpu", Some(256)), ("32vCPU", Some(32768)), ("x", None)];
        for (text, units) in cpu {
            assert_eq!(read(text, &["vcpu"]), units, "{text}");
        }
        let memory = [("512", Some(512)), ("0.5GB", Some(512)), ("3 GB", Some(3072)), ("-1 GB", None), ("", None)];
        for (text, mib) in memory {
            assert_eq!(read(text, &["gib", "gb"]), mib, "{text}");
        }
    }
}
