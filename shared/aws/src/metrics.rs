//! CloudWatch metrics in the embedded metric format: lines on standard output, no call and no permission needed.

use std::borrow::Cow;
use std::time::SystemTime;

use jiff::Timestamp;
use metrique_writer_core::format::Format as _;
use metrique_writer_core::{Entry, EntryWriter};
use metrique_writer_format_emf::Emf;

/// The namespace of all our metrics.
pub const NAMESPACE: &str = "Tidegate";

/// Values that belong together, in one set of dimensions. Every set of dimension values is a metric that costs $0.30 a
/// month, so a service's name is never among them.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured<'a> {
    /// When.
    pub at: Timestamp,
    /// Dimensions with their values.
    pub dimensions: &'a [(&'static str, &'a str)],
    /// Metrics with their values.
    pub values: &'a [(&'static str, f64)],
}

impl Entry for Measured<'_> {
    fn write<'a>(&'a self, writer: &mut impl EntryWriter<'a>) {
        writer.timestamp(SystemTime::from(self.at));
        for (name, value) in self.dimensions {
            writer.value(Cow::Borrowed(*name), *value);
        }
        for (name, value) in self.values {
            writer.value(Cow::Borrowed(*name), value);
        }
    }
}

impl Measured<'_> {
    /// The line. None for a value that the format can't hold, which is logged.
    #[must_use]
    pub fn line(&self) -> Option<String> {
        let names = self.dimensions.iter().map(|(name, _)| (*name).to_owned()).collect();
        let mut line = Vec::new();
        match Emf::no_validations(NAMESPACE.to_owned(), vec![names]).format(self, &mut line) {
            Ok(()) => String::from_utf8(line).ok().map(|line| line.trim_end().to_owned()),
            Err(error) => {
                tracing::error!(?error, "a metric could not be written");
                None
            }
        }
    }
}
