//! What a text looks like: enough to find secrets, and all that is kept of it where it must not be told.

use std::collections::BTreeSet;

/// Declares the looks: a variant, the word that stands in for such a text, and what it is called.
macro_rules! looks {
    ($($name:ident = $word:literal, $called:literal;)+) => {
        /// What a text looks like.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Look {
            $(#[doc = concat!("It looks like ", $called, ".")] $name,)+
        }

        impl Look {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The word that stands in for a text of this look, and looks the same.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }

            /// What it is called.
            #[must_use]
            pub fn called(self) -> &'static str {
                match self { $(Self::$name => $called,)+ }
            }
        }
    };
}

looks! {
    Empty = "", "nothing";
    Flag = "<flag>", "a flag";
    Number = "<number>", "a number";
    Arn = "<arn>", "an ARN";
    Url = "<url>", "a URL";
    Path = "<path>", "a path";
    Reference = "<reference>", "a reference";
    Text = "<text>", "a text";
    AwsAccessKey = "<aws-access-key>", "an AWS access key";
    PrivateKey = "<private-key>", "a private key";
    GitHubToken = "<github-token>", "a GitHub token";
    GitLabToken = "<gitlab-token>", "a GitLab token";
    SlackToken = "<slack-token>", "a Slack token";
    StripeKey = "<stripe-key>", "a Stripe key";
    GoogleKey = "<google-key>", "a Google API key";
    NpmToken = "<npm-token>", "an npm token";
    WebToken = "<web-token>", "a JSON web token";
    PasswordInUrl = "<url-with-password>", "a URL with a password";
}

/// A secret that is known by its shape: what it begins with, how many letters follow, and which these are.
struct Shape {
    look: Look,
    prefix: &'static str,
    at_least: usize,
    letters: fn(u8) -> bool,
}

/// Sources: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html>,
/// <https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/>,
/// <https://docs.gitlab.com/security/tokens/>, <https://docs.slack.dev/authentication/tokens/>,
/// <https://docs.stripe.com/keys>
const SHAPES: &[Shape] = &[
    Shape { look: Look::AwsAccessKey, prefix: "AKIA", at_least: 16, letters: is_upper },
    Shape { look: Look::AwsAccessKey, prefix: "ASIA", at_least: 16, letters: is_upper },
    Shape { look: Look::GitHubToken, prefix: "ghp_", at_least: 36, letters: is_plain },
    Shape { look: Look::GitHubToken, prefix: "gho_", at_least: 36, letters: is_plain },
    Shape { look: Look::GitHubToken, prefix: "ghu_", at_least: 36, letters: is_plain },
    Shape { look: Look::GitHubToken, prefix: "ghs_", at_least: 36, letters: is_plain },
    Shape { look: Look::GitHubToken, prefix: "ghr_", at_least: 36, letters: is_plain },
    Shape { look: Look::GitHubToken, prefix: "github_pat_", at_least: 40, letters: is_word },
    Shape { look: Look::GitLabToken, prefix: "glpat-", at_least: 20, letters: is_word },
    Shape { look: Look::SlackToken, prefix: "xoxb-", at_least: 20, letters: is_word },
    Shape { look: Look::SlackToken, prefix: "xoxp-", at_least: 20, letters: is_word },
    Shape { look: Look::SlackToken, prefix: "xapp-", at_least: 20, letters: is_word },
    Shape { look: Look::StripeKey, prefix: "sk_live_", at_least: 16, letters: is_plain },
    Shape { look: Look::StripeKey, prefix: "rk_live_", at_least: 16, letters: is_plain },
    Shape { look: Look::GoogleKey, prefix: "AIza", at_least: 35, letters: is_word },
    Shape { look: Look::NpmToken, prefix: "npm_", at_least: 36, letters: is_plain },
];

fn is_upper(letter: u8) -> bool {
    letter.is_ascii_uppercase() || letter.is_ascii_digit()
}

fn is_plain(letter: u8) -> bool {
    letter.is_ascii_alphanumeric()
}

fn is_word(letter: u8) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, b'_' | b'-')
}

impl Look {
    /// What a text as a whole looks like; never one of the secrets.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let text = text.trim();
        let word = || Self::ALL.iter().copied().find(|look| !look.is_secret() && look.word() == text);
        if let Some(look) = word() {
            return look;
        }
        let lower = text.to_ascii_lowercase();
        let is_reference = (text.starts_with('$') && text.len() > 1)
            || text.starts_with("{{")
            || (text.starts_with('<') && text.ends_with('>'))
            || text.bytes().all(|letter| matches!(letter, b'*' | b'x' | b'X' | b'.'));
        if matches!(
            lower.as_str(),
            "true" | "false" | "yes" | "no" | "on" | "off" | "enabled" | "disabled" | "none" | "null"
        ) {
            Self::Flag
        } else if text.parse::<f64>().is_ok() {
            Self::Number
        } else if text.starts_with("arn:") {
            Self::Arn
        } else if is_reference {
            Self::Reference
        } else if lower.starts_with("http://") || lower.starts_with("https://") {
            Self::Url
        } else if ["/", "./", "../", "~/", "s3://", "file:"].iter().any(|start| text.starts_with(start)) {
            Self::Path
        } else {
            Self::Text
        }
    }

    /// Secrets that are somewhere in a text, known by their shape.
    #[must_use]
    pub fn secrets_in(text: &str) -> BTreeSet<Self> {
        let mut found = BTreeSet::new();
        found.extend(Self::ALL.iter().copied().filter(|look| look.is_secret() && text.contains(look.word())));
        found.extend(SHAPES.iter().filter(|shape| shape.is_in(text)).map(|shape| shape.look));
        if text.contains("-----BEGIN") && text.contains("PRIVATE KEY") {
            found.insert(Self::PrivateKey);
        }
        if text.split(|letter: char| !(letter == '.' || letter.is_ascii() && is_word(letter as u8))).any(is_web_token) {
            found.insert(Self::WebToken);
        }
        if has_password_in_url(text) {
            found.insert(Self::PasswordInUrl);
        }
        found
    }

    /// Whether what looks like this is a secret.
    #[must_use]
    pub fn is_secret(self) -> bool {
        self >= Self::AwsAccessKey
    }
}

impl Shape {
    fn is_in(&self, text: &str) -> bool {
        text.match_indices(self.prefix).any(|(at, prefix)| {
            let after = &text.as_bytes()[at + prefix.len()..];
            let length = after.iter().take_while(|letter| (self.letters)(**letter)).count();
            let apart = |letter: Option<&u8>| letter.is_none_or(|letter| !letter.is_ascii_alphanumeric());
            length >= self.at_least && apart(text.as_bytes()[..at].last()) && apart(after.get(length))
        })
    }
}

/// Three parts, of which the first two are JSON objects in base64.
fn is_web_token(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    matches!(parts[..], [head, body, signature]
        if [head, body].iter().all(|part| part.starts_with("eyJ") && part.len() >= 13) && signature.len() >= 10)
}

/// `scheme://user:password@host`, where the password is no reference.
fn has_password_in_url(text: &str) -> bool {
    text.match_indices("://").any(|(at, scheme)| {
        let after = &text[at + scheme.len()..];
        let ends = |letter: char| letter.is_whitespace() || matches!(letter, '/' | '"' | '\'' | '?' | '#' | '<' | '>');
        let authority = after.split(ends).next().unwrap_or_default();
        let credentials = authority.rsplit_once('@').map(|(credentials, _)| credentials);
        credentials
            .and_then(|own| own.split_once(':'))
            .is_some_and(|(_, password)| !matches!(Look::of(password), Look::Empty | Look::Reference))
    })
}

/// Words in the names of what is secret.
const SECRET_WORDS: [&str; 11] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "api_key",
    "apikey",
    "private_key",
    "access_key",
    "accesskey",
    "credential",
];

/// Ends of names that tell something about a secret, and not the secret.
const ABOUT_SECRETS: [&str; 33] = [
    "_file",
    "_path",
    "_dir",
    "_arn",
    "_name",
    "_url",
    "_uri",
    "_endpoint",
    "_host",
    "_region",
    "_type",
    "_version",
    "_ttl",
    "_expiry",
    "_expiration",
    "_timeout",
    "_length",
    "_size",
    "_limit",
    "_count",
    "_min",
    "_max",
    "_enabled",
    "_required",
    "_header",
    "_algorithm",
    "_policy",
    "_prefix",
    "_provider",
    "_issuer",
    "_audience",
    "_key_id",
    "_store",
];

/// Names that Security Hub's ECS.8 knows, whatever their value.
///
/// Source: <https://docs.aws.amazon.com/securityhub/latest/userguide/ecs-controls.html#ecs-8>
const SECRET_NAMES: [&str; 3] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "ECS_ENGINE_AUTH_DATA"];

/// Whether a value is a secret because of its name.
#[must_use]
pub fn is_secret_by_name(name: &str, value: &str) -> bool {
    let look = Look::of(value);
    if SECRET_NAMES.contains(&name) {
        return !matches!(look, Look::Empty | Look::Reference);
    }
    match look {
        Look::Text => names_secret(name),
        // MAX_TOKENS=4096 is none, and DB_PASSWORD=4096 is.
        Look::Number => names_secret(name) && name.to_ascii_lowercase().contains("pass"),
        _ => false,
    }
}

/// Whether what has this name is a secret.
#[must_use]
pub fn names_secret(name: &str) -> bool {
    let name = name.trim_start_matches('-').to_ascii_lowercase().replace(['-', '.', ' '], "_");
    let says = SECRET_WORDS.iter().any(|word| name.contains(word)) || name == "pwd" || name.ends_with("_pwd");
    let about = ABOUT_SECRETS.iter().any(|end| name.ends_with(end)) && !name.ends_with("access_key_id");
    says && !about && !name.starts_with("token_type") && !name.contains("tokeniz")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_stands_in_for_a_text_looks_like_it() {
        for look in Look::ALL {
            if look.is_secret() {
                assert_eq!(Look::secrets_in(look.word()), BTreeSet::from([*look]));
            } else {
                assert_eq!(Look::of(look.word()), *look);
                assert_eq!(Look::secrets_in(look.word()), BTreeSet::new());
            }
        }
    }

    #[test]
    fn secrets_are_known_by_their_shape() {
        let cases = [
            (format!("AKIA{}", "A1B2C3D4E5F6G7H8"), Look::AwsAccessKey),
            (format!("--key=ASIA{};", "A1B2C3D4E5F6G7H8"), Look::AwsAccessKey),
            (format!("Bearer ghp_{}", "a1".repeat(18)), Look::GitHubToken),
            (format!("github_pat_{}", "a1_B".repeat(11)), Look::GitHubToken),
            (format!("glpat-{}", "a1B2".repeat(5)), Look::GitLabToken),
            (format!("xoxb-{}", "1234-".repeat(5)), Look::SlackToken),
            (format!("sk_live_{}", "a1B2".repeat(6)), Look::StripeKey),
            (format!("AIza{}", "a1-_B".repeat(7)), Look::GoogleKey),
            (format!("npm_{}", "a1".repeat(18)), Look::NpmToken),
            (format!("eyJ{0}.eyJ{0}.{0}", "abcdefghij"), Look::WebToken),
            ("-----BEGIN RSA PRIVATE KEY-----\nMII".to_owned(), Look::PrivateKey),
            ("postgres://shop:hunter2@db.internal:5432/shop".to_owned(), Look::PasswordInUrl),
        ];
        for (text, look) in cases {
            assert_eq!(Look::secrets_in(&text), BTreeSet::from([look]), "{text}");
        }
    }

    #[test]
    fn what_is_no_secret_is_not_taken_for_one() {
        let plain = [
            "postgres://db.internal:5432/shop",
            "postgres://shop:$PASSWORD@db/shop",
            "https://shop@example.com/a:b@c",
            "AKIAIOSFODNN7",
            "NAKIA1234567890ABCDEFGH",
            "ghp_short",
            "an eyJ.eyJ.x",
            "-----BEGIN CERTIFICATE-----",
        ];
        for text in plain {
            assert_eq!(Look::secrets_in(text), BTreeSet::new(), "{text}");
        }
    }

    #[test]
    fn a_name_tells_a_secret_from_what_is_about_one() {
        let secret = [
            ("DB_PASSWORD", "hunter2"),
            ("DB_PASSWORD", "4711"),
            ("apiKey", "abc"),
            ("--db-password", "x1"),
            ("DB_PWD", "hunter2"),
            ("SESSION_SECRET", "s3cr3t/with+slash"),
            ("AWS_SECRET_ACCESS_KEY", "/abc+def"),
            ("AWS_ACCESS_KEY_ID", "anything"),
        ];
        for (name, value) in secret {
            assert!(is_secret_by_name(name, value), "{name}={value}");
        }
        let plain = [
            ("DB_PASSWORD", ""),
            ("DB_PASSWORD", "${PASSWORD}"),
            ("DB_PASSWORD_FILE", "shop.txt"),
            ("MAX_TOKENS", "4096"),
            ("TOKENIZER", "bert-base"),
            ("TOKEN_URL", "https://login.example.com"),
            ("USE_TOKEN", "true"),
            ("SECRET_ARN", "arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop"),
            ("TOKEN_TYPE", "bearer"),
            ("GOOGLE_APPLICATION_CREDENTIALS", "/etc/gcp.json"),
            ("AWS_ACCESS_KEY_ID", ""),
            ("PWD_DIR", "x"),
            ("MONKEY", "banana"),
        ];
        for (name, value) in plain {
            assert!(!is_secret_by_name(name, value), "{name}={value}");
        }
    }
}
