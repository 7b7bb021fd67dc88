//! What is wrong with a document is told in one sentence each, with its line, value and rule.

use super::{document, faults, lines};

/// The faults of `version: 1` with more lines below.
fn with(rest: &str) -> Vec<String> {
    lines(&faults(&format!("version: 1\n{rest}")))
}

#[test]
fn a_value_that_can_not_be_is_named_with_the_rule() {
    let severities = "must be INFORMATIONAL, LOW, MEDIUM, HIGH";
    let date = "must be a date such as 2026-12-31, or a time such as 2026-12-31T18:00:00Z";
    let exception = "exceptions: [{id: CVE-2026-1234, reason: known, until: ";
    for (rest, said) in [
        ("mode: enforce", r#"mode is "enforce": must be off, shadow or on"#.to_owned()),
        ("mode: On", r#"mode is "On": must be off, shadow or on; did you mean on?"#.to_owned()),
        ("mode: true", r#"mode is "true": must be off, shadow or on"#.to_owned()),
        ("mode:", "mode is empty: must be off, shadow or on".to_owned()),
        ("mode: [on]", "mode is a list: must be off, shadow or on".to_owned()),
        (
            "thresholds: {fixable: HIHG}",
            format!(r#"thresholds.fixable is "HIHG": {severities}, CRITICAL or none; did you mean HIGH?"#),
        ),
        (
            "thresholds: {unfixable: high}",
            format!(r#"thresholds.unfixable is "high": {severities}, CRITICAL or none; did you mean HIGH?"#),
        ),
        (
            "thresholds: {fixable: UNTRIAGED}",
            format!(r#"thresholds.fixable is "UNTRIAGED": {severities}, CRITICAL or none"#),
        ),
        ("thresholds: HIGH", r#"thresholds is "HIGH": must be a mapping of fixable, unfixable"#.to_owned()),
        ("unrated: none", format!(r#"unrated is "none": {severities} or CRITICAL"#)),
        (
            "escalate: {known_exploited: \"true\"}",
            r#"escalate.known_exploited is "true": must be true or false, without quotes"#.to_owned(),
        ),
        (
            "escalate: {known_exploited: yes}",
            r#"escalate.known_exploited is "yes": must be true or false, without quotes"#.to_owned(),
        ),
        (
            "escalate: {exploit_available: HIGH}",
            r#"escalate.exploit_available is "HIGH": must be off, or a mapping of min_severity"#.to_owned(),
        ),
        ("escalate: {exploit_available: {}}", "escalate.exploit_available.min_severity is missing".to_owned()),
        (
            "escalate: {epss: {at_least: 50, min_severity: LOW}}",
            r#"escalate.epss.at_least is "50": must be a number from 0 to 1, such as 0.5, without quotes"#.to_owned(),
        ),
        (
            "escalate: {epss: {at_least: .nan, min_severity: LOW}}",
            r#"escalate.epss.at_least is ".nan": must be a number from 0 to 1, such as 0.5, without quotes"#.to_owned(),
        ),
        ("grace: {HIGH: 7}", r#"grace.HIGH is "7": must be whole days from 0d to 3650d, such as 7d"#.to_owned()),
        ("grace: {HIGH: -1d}", r#"grace.HIGH is "-1d": must be whole days from 0d to 3650d, such as 7d"#.to_owned()),
        (
            "grace: {UNTRIAGED: 7d}",
            "grace.UNTRIAGED has no grace of its own: it counts as what `unrated` says".to_owned(),
        ),
        ("stale: accept", r#"stale is "accept": must be block or warn"#.to_owned()),
        ("suppressed: warn", r#"suppressed is "warn": must be accept or count"#.to_owned()),
        ("max_scan_age: 0d", r#"max_scan_age is "0d": must be whole days from 1d to 3650d, such as 7d"#.to_owned()),
        ("settle: 25h", r#"settle is "25h": must be whole minutes or hours up to 90m, such as 10m: after two hours no image is waited for"#.to_owned()),
        ("patience: 91m", r#"patience is "91m": must be whole minutes or hours up to 90m, such as 10m: after two hours no image is waited for"#.to_owned()),
        ("patience: 2h", r#"patience is "2h": must be whole minutes or hours up to 90m, such as 10m: after two hours no image is waited for"#.to_owned()),
        ("settle: 90s", r#"settle is "90s": must be whole minutes or hours up to 90m, such as 10m: after two hours no image is waited for"#.to_owned()),
        ("settle: 40m", r#"settle is "40m": patience (30m) must not be shorter than settle (40m)"#.to_owned()),
        ("patience: 9m", r#"patience is "9m": patience (9m) must not be shorter than settle (10m)"#.to_owned()),
        (&format!("{exception} soon}}]"), format!(r#"exceptions[0].until is "soon": {date}"#)),
        (&format!("{exception} 2026-02-30}}]"), format!(r#"exceptions[0].until is "2026-02-30": {date}"#)),
        (&format!("{exception} 20261231}}]"), format!(r#"exceptions[0].until is "20261231": {date}"#)),
        (&format!("{exception} 9999-12-31}}]"), format!(r#"exceptions[0].until is "9999-12-31": {date}"#)),
        (
            &format!("{exception} 2026-12-31T10:00:00}}]"),
            format!(r#"exceptions[0].until is "2026-12-31T10:00:00": {date}"#),
        ),
        (&format!("{exception} }}]"), format!("exceptions[0].until is empty: {date}")),
        (
            "break_glass: {until: 2026-11-28, reason: incident 7}",
            r#"break_glass.until is "2026-11-28": must be a time such as 2026-12-31T18:00:00Z"#.to_owned(),
        ),
        (
            "break_glass: {until: 2026-11-27T18:00:01Z, reason: incident 7}",
            r#"break_glass.until is "2026-11-27T18:00:01Z": must be at most 4 hours ahead"#.to_owned(),
        ),
    ] {
        assert_eq!(with(rest), [format!("line 2: {said}")], "{rest}");
    }
}

#[test]
fn names_that_can_never_match_are_faults() {
    let names = |names: &str| with(&format!("repositories: [{{names: {names}}}]"));
    let list = "must be a list with at least one name or pattern";
    assert_eq!(names("[]"), [format!("line 2: repositories[0].names is a list: {list}")]);
    assert_eq!(names("shop"), [format!(r#"line 2: repositories[0].names is "shop": {list}"#)]);
    for wrong in ["Shop", "\"shop:1\"", "a b", "shop?"] {
        let said = names(&format!("[ok, {wrong}]"));
        let rule = "must be a repository's name or a pattern, such as shop or team-a/*";
        assert_eq!(said, [format!("line 2: repositories[0].names[1] is {:?}: {rule}", wrong.trim_matches('"'))]);
    }
    let host = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop";
    let rule = "must be the repository's name without its registry, such as team-a/shop";
    assert_eq!(names(&format!("[{host}]")), [format!("line 2: repositories[0].names[0] is {host:?}: {rule}")]);
    // An entry that is never reached is as good as ignored.
    let below = with("repositories:\n- names: [shop, \"team-*\"]\n- names:\n  - web\n  - team-a/*\n- {names: [shop]}");
    assert_eq!(
        below,
        [
            r#"line 6: repositories[1].names[1] is "team-a/*": can't be reached: "team-*" in line 3 names it already"#,
            r#"line 7: repositories[2].names[0] is "shop": can't be reached: "shop" in line 3 names it already"#,
        ]
    );
    document("version: 1\nrepositories: [{names: [team-a/*, team-a/web]}, {names: [team-*]}, {names: ['*']}]");
}

#[test]
fn an_exception_says_what_until_when_and_why() {
    assert_eq!(
        with("exceptions:\n- packages: []\n- {id: [], until: 2026-12-31, reason: \" \", repositories: [null]}"),
        [
            "line 3: exceptions[0].id is missing",
            "line 3: exceptions[0].packages is a list: must be a list with at least one name or pattern",
            "line 3: exceptions[0].until is missing",
            "line 3: exceptions[0].reason is missing",
            "line 4: exceptions[1].id is a list: must be a text that says something",
            r#"line 4: exceptions[1].repositories[0] is "null": must be a text; put it in quotes"#,
            r#"line 4: exceptions[1].reason is " ": must be a text that says something"#,
        ]
    );
    for id in ["CVE-2026-12345 CVE-2026-12346", "CVE-2026-*", "cve-2026-12345", "CVE-2026-123", "CVE_2026_12345"] {
        let said = with(&format!("exceptions:\n- id: {id}\n  until: 2026-12-31\n  reason: known"));
        let rule = "must be one vulnerability as the scan writes it, such as CVE-2026-12345";
        assert_eq!(said, [format!("line 3: exceptions[0].id is {id:?}: {rule}")]);
    }
    for id in ["CVE-2026-1234", "CVE-2026-1234567", "GHSA-xxxx-yyyy-zzzz", "ALAS2-2026-1", "RUSTSEC-2026-0001"] {
        document(&format!("version: 1\nexceptions: [{{id: {id}, until: 2026-12-31, reason: known}}]"));
    }
}

#[test]
fn two_exceptions_for_the_same_are_a_fault_and_two_for_others_are_none() {
    let one = "{id: CVE-2026-1234, repositories: [a, b], until: 2026-12-31, reason: known}";
    let same = "{id: CVE-2026-1234, repositories: [b, a], until: 2027-12-31, reason: another}";
    assert_eq!(
        with(&format!("exceptions:\n- {one}\n\n- {same}")),
        ["line 5: exceptions[1] accepts the same as the one in line 3: must be said once"]
    );
    for other in
        [one.replace("1234", "1235"), one.replace("[a, b]", "[a]"), one.replace("until", "packages: [x], until")]
    {
        document(&format!("version: 1\nexceptions: [{one}, {other}]"));
    }
}

#[test]
fn a_slip_of_the_pen_is_named_with_what_was_meant() {
    for (rest, said) in [
        ("thresholds:\n  fixabel: HIGH", "line 3: thresholds.fixabel is no known key; did you mean fixable?"),
        ("exeptions: []", "line 2: exeptions is no known key; did you mean exceptions?"),
        ("grace: {High: 7d}", "line 2: grace.High is no known key; the keys here are UNDEFINED"),
        ("<<: {mode: on}", "line 2: << is no known key; the keys here are version, mode"),
        ("repositories: [{names: [a], exceptions: []}]", "line 2: repositories[0].exceptions is no known key"),
        ("\"a\\nb\": 1", r"line 2: a\nb is no known key"),
    ] {
        let told = with(rest);
        assert!(told.len() == 1 && told[0].starts_with(said), "{rest}: {told:?}");
    }
}

#[test]
fn all_faults_are_told_in_the_order_of_their_lines() {
    let text = "mode: enforce\nversion: 2\nmode: on\nrepositories:\n- mode: off\n  nmes: [a]\nstale: x\nversions: 1";
    assert_eq!(
        lines(&faults(text)),
        [
            r#"line 1: mode is "enforce": must be off, shadow or on"#,
            r#"line 2: version is "2": must be 1, without quotes"#,
            "line 3: mode stands in line 1 already: must be said once",
            "line 5: repositories[0].names is missing",
            "line 6: repositories[0].nmes is no known key; did you mean names?",
            r#"line 7: stale is "x": must be block or warn"#,
            "line 8: versions is no known key; did you mean version?",
        ]
    );
    assert_eq!(lines(&faults("mode: on")), ["line 1: version is missing"]);
    assert_eq!(lines(&faults("version: \"1\"")), [r#"line 1: version is "1": must be 1, without quotes"#]);
}

#[test]
fn what_is_not_one_plain_document_is_refused() {
    let deep = format!("version: 1\nmode: {}on{}", "[".repeat(13), "]".repeat(13));
    let long = format!("version: 1\n# {}", "x".repeat(64 * 1024));
    for (text, said) in [
        ("", "line 1: the document is empty: must have version: 1 at least"),
        ("# nothing yet\n\n", "line 1: the document is empty: must have version: 1 at least"),
        ("---\n", "line 1: the document must be a mapping of version, mode"),
        ("on", "line 1: the document must be a mapping of version, mode"),
        ("- version: 1", "line 1: the document must be a mapping of version, mode"),
        ("version: 1\n---\nversion: 1", "line 2: the document has another one behind it: must be one only"),
        ("%YAML 1.1\n---\nversion: 1", r#"line 1: the document has the directive "%YAML 1.1": must have none"#),
        ("version: 1\nmode: {on", "line 2: the document is no YAML: "),
        ("version: 1\n mode: on", "line 2: the document is no YAML: "),
        ("version: 1\nmode: *all", "line 2: the document is no YAML: "),
        ("version: 1\nmode: on\0\nstale: x", r"line 2: the document has the control character \u{0}"),
        (&deep, "line 2: the document is too deep: must have at most 12 levels"),
        (&long, "line 1: the document has 65549 bytes: must be at most 65536"),
    ] {
        let told = lines(&faults(text));
        assert!(told.len() == 1 && told[0].starts_with(said), "{text:?}: {told:?}");
    }
}

#[test]
fn what_yaml_has_beyond_keys_and_values_is_refused() {
    assert_eq!(
        with("mode: &all on\nstale: *all\nunknown: !!str block\nthresholds: !loose {fixable: none}\n? [a, b]\n: 1"),
        [
            "line 2: mode has an anchor, which is not taken; write it out where it is used",
            "line 3: stale is an alias: aliases are not taken; write it out",
            r#"line 4: unknown has the tag "tag:yaml.org,2002:str", which is not taken; leave it out"#,
            r#"line 5: thresholds has the tag "!loose", which is not taken; leave it out"#,
            "line 6: ? is a list: a key must be a word",
        ]
    );
}

#[test]
fn a_message_stays_short_and_plain_whatever_is_written() {
    let told = with(&format!("mode: \"{}\\e[31m\"\n{}: 1", "x".repeat(500), "k".repeat(500)));
    assert!(told.iter().all(|told| told.len() < 400 && !told.contains('\u{1b}')), "{told:?}");
    assert_eq!(told.len(), 2);
}
