//! What holds for every text.

use proptest::prelude::*;
use proptest::sample::select;
use tidegate_core::scan::document::{Document, read};

use super::NOW;
use super::writer::{documents, yaml};

/// Letters and words that mean something in YAML or in a policy.
fn scraps() -> impl Strategy<Value = String> {
    let scraps = [
        "version: 1\n",
        "mode: on\n",
        "thresholds: {fixable: HIGH}\n",
        "exceptions:\n- id: CVE-2026-1234\n",
        "  until: ",
        "2026-12-31",
        "9999-12-31",
        "reason: x\n",
        "repositories:\n- names: [a]\n",
        "  ",
        "\n",
        "\t",
        "- ",
        ": ",
        "? ",
        "[",
        "]",
        "{",
        "}",
        ",",
        "#",
        "&a ",
        "*a",
        "!t ",
        "!!str ",
        "|\n",
        ">-\n",
        "'",
        "\"",
        "\\",
        "%YAML 1.2\n",
        "---\n",
        "...\n",
        "<<: ",
        "~",
        "0x1",
        "1e999",
        "\u{feff}",
        "\u{85}",
        "\u{2028}",
        "\r",
        "\0",
        "\u{e9}",
        "\u{1f600}",
        "*",
        "`",
        "@",
    ];
    prop::collection::vec(select(scraps.to_vec()), 0..60).prop_map(|scraps| scraps.concat())
}

/// A document, of which a piece is cut out or doubled.
fn damaged() -> impl Strategy<Value = String> {
    (documents(), any::<prop::sample::Index>(), 0..20_usize, scraps()).prop_map(|(document, at, length, scraps)| {
        let text: Vec<char> = yaml(&document).chars().collect();
        let at = at.index(text.len());
        let end = (at + length).min(text.len());
        text[..at].iter().copied().chain(scraps.chars()).chain(text[end..].iter().copied()).collect()
    })
}

/// Each fault names a line that there is and says something; where there is one, there is no document.
fn is_sound(text: &str) -> Result<(), TestCaseError> {
    let Err(faults) = read(text, NOW) else { return Ok(()) };
    prop_assert!(!faults.is_empty());
    let lines = text.split('\n').count();
    for fault in faults {
        prop_assert!((1..=lines).contains(&fault.line), "{fault} of {lines}");
        prop_assert!(!fault.rule.is_empty() && !fault.to_string().contains(char::is_control), "{fault:?}");
    }
    Ok(())
}

proptest! {
    #[test]
    fn whatever_is_written_is_read_or_refused(text in any::<String>()) {
        is_sound(&text)?;
    }

    #[test]
    fn whatever_looks_like_yaml_is_read_or_refused(text in scraps()) {
        is_sound(&text)?;
        is_sound(&format!("version: 1\n{text}"))?;
    }

    #[test]
    fn a_damaged_document_is_read_or_refused(text in damaged()) {
        is_sound(&text)?;
    }

    #[test]
    fn what_is_written_is_what_is_read(document in documents()) {
        let text = yaml(&document);
        prop_assert_eq!(read(&text, NOW), Ok(document), "{}", text);
    }

    #[test]
    fn a_key_that_nobody_knows_is_a_fault_of_its_line(document in documents(), which in any::<prop::sample::Index>()) {
        let text = yaml(&document);
        let keys: Vec<usize> = text.lines().enumerate().filter(|(_, line)| line.contains(": ") || line.ends_with(':'))
            .map(|(index, _)| index).collect();
        let line = keys[which.index(keys.len())];
        let slip = |(index, text): (usize, &str)| {
            if index == line { text.replacen(':', "x:", 1) } else { text.to_owned() }
        };
        let slipped: Vec<String> = text.lines().enumerate().map(slip).collect();
        let faults = read(&slipped.join("\n"), NOW).expect_err("a fault");
        prop_assert!(faults.iter().any(|fault| fault.line == line + 1 && fault.rule.starts_with("is no known key")),
            "line {}: {faults:?}", line + 1);
    }

    #[test]
    fn every_repository_has_the_policy_of_the_first_entry_that_names_it(document in documents(), index in 0..5_usize) {
        for name in [format!("team-{index}/web"), format!("shop-{index}")] {
            let entry = document.repositories.get(index).map(|entry| &entry.policy);
            prop_assert_eq!(&document.policy(&name), entry.unwrap_or(&document.rules));
        }
        prop_assert_eq!(document.policy("elsewhere"), document.rules);
    }
}

#[test]
fn a_document_of_the_greatest_length_is_read_in_no_time() {
    for piece in ["a: ", "- ", "[", "{", "? ", "a:\n", "'", "&a ", "!a ", "#", "a\n\n ", "- a: b\n", "\"\\"] {
        let text = piece.repeat(64 * 1024 / piece.len());
        assert!(read(&text, NOW).is_err(), "{piece:?}");
    }
    assert_eq!(read("version: 1", NOW), Ok(Document::default()));
}
