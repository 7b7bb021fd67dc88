//! How codes are declared that records, metrics and messages are built on: a variant, its code, and its meaning for people,
//! said once.

/// A code in records, metrics and messages: stable, as alarms, dashboards and questions are built on it.
pub trait Code: Copy {
    /// In small letters and underscores, such as `not_enrolled`.
    fn code(self) -> &'static str;
}

/// Declares an enum of codes, with what every one of them has.
macro_rules! coded {
    ($(#[doc = $about:literal])+ $Code:ident: $($(#[doc = $doc:literal])+ $name:ident = $code:literal,)+) => {
        $(#[doc = $about])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $Code {
            $($(#[doc = $doc])+ #[serde(rename = $code)] $name,)+
        }

        impl $Code {
            /// All of them, in the order of the documents.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The code in records, metrics and messages.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// What it means, for people.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),+).trim_ascii(),)+ }
            }
        }

        impl $crate::codes::Code for $Code {
            fn code(self) -> &'static str {
                self.code()
            }
        }
    };
}

/// Declares the `Reason` of a function.
macro_rules! reasons {
    ($($reasons:tt)+) => {
        $crate::codes::coded! {
            /// Why a decision came out as it did.
            Reason: $($reasons)+
        }
    };
}

pub(crate) use {coded, reasons};
