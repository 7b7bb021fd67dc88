//! Smoke requests in their long form.

use tidegate_core::smoke::{Expected, Request, read_document};

fn faults(text: &str) -> Vec<String> {
    read_document(text).expect_err("faults").iter().map(ToString::to_string).collect()
}

#[test]
fn requests_are_read_with_all_that_they_may_have() {
    let read = read_document(
        r#"
- method: GET
  path: /health
- method: POST
  path: /orders?dry-run=true
  host: shop.example.com
  headers:
    Content-Type: application/json
    x-api-key: "12"
  body: '{"items": []}'
  expect:
    status: 201
    within: 1500ms
    text: accepted
    json: {/status: ok, /items/0/count: 0, /paid: false}
"#,
    )
    .expect("requests");
    let health = Request {
        method: "GET".to_owned(),
        path: "/health".to_owned(),
        host: None,
        headers: [].into(),
        body: None,
        expected: Expected::default(),
    };
    let pairs =
        |pairs: &[(&str, &str)]| pairs.iter().map(|(name, is)| ((*name).to_owned(), (*is).to_owned())).collect();
    let order = Request {
        method: "POST".to_owned(),
        path: "/orders?dry-run=true".to_owned(),
        host: Some("shop.example.com".to_owned()),
        headers: pairs(&[("content-type", "application/json"), ("x-api-key", "12")]),
        body: Some(r#"{"items": []}"#.to_owned()),
        expected: Expected {
            status: 201,
            within_ms: 1500,
            text: Some("accepted".to_owned()),
            json: pairs(&[("/status", "ok"), ("/items/0/count", "0"), ("/paid", "false")]),
        },
    };
    assert_eq!(read, [health, order]);
}

#[test]
fn what_is_wrong_is_told_with_its_line_value_and_rule() {
    let get = "[{method: GET, path: /, ";
    let list = "must be a list of requests, each with a method and a path at least";
    for (text, said) in [
        (String::new(), format!("line 1: the document is empty: {list}")),
        ("[]".to_owned(), format!("line 1: the document {list}")),
        ("method: GET".to_owned(), format!("line 1: the document {list}")),
        ("- {method: GET}".to_owned(), "line 1: [0].path is missing".to_owned()),
        (
            "- {method: GETT, path: /}".to_owned(),
            r#"line 1: [0].method is "GETT": must be a method: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS; did you mean GET?"#
                .to_owned(),
        ),
        (
            "- method: GET\n  path: health".to_owned(),
            r#"line 2: [0].path is "health": must be a path, which begins with /"#.to_owned(),
        ),
        (
            "- {method: GET, path: \"/a b\"}".to_owned(),
            r#"line 1: [0].path is "/a b": must be a path as it is sent: what no URL has stands there as in %20"#.to_owned(),
        ),
        (
            "- {method: GET, path: /%2}".to_owned(),
            r#"line 1: [0].path is "/%2": must be a path as it is sent: what no URL has stands there as in %20"#.to_owned(),
        ),
        (
            format!("{get}host: \"shop.example.com:443\"}}]"),
            r#"line 1: [0].host is "shop.example.com:443": must be a host name such as shop.example.com, without scheme, port and path"#
                .to_owned(),
        ),
        (
            format!("{get}headers: {{Host: a}}}}]"),
            "line 1: [0].headers.Host must not be among the headers: `host` is a key of the request itself".to_owned(),
        ),
        (
            format!("{get}headers: {{Transfer-Encoding: chunked}}}}]"),
            "line 1: [0].headers.Transfer-Encoding must not be among the headers: the connection sets it".to_owned(),
        ),
        (
            format!("{get}headers: {{x: \"a\\nb\"}}}}]"),
            r#"line 1: [0].headers.x is "a\nb": must be one line of plain letters"#.to_owned(),
        ),
        (
            format!("{get}headers: {{\"a b\": c}}}}]"),
            "line 1: [0].headers.a b must be a header's name such as x-request-id".to_owned(),
        ),
        (
            format!("{get}headers: {{a: b, A: c}}}}]"),
            "line 1: [0].headers.A differs from another header in its case only: must be said once".to_owned(),
        ),
        (
            format!("{get}body: {{a: 1}}}}]"),
            "line 1: [0].body is a mapping: must be a text; put JSON in quotes, or below a |".to_owned(),
        ),
        (
            format!("{get}expect: {{status: 100}}}}]"),
            r#"line 1: [0].expect.status is "100": must be a status from 200 to 599"#.to_owned(),
        ),
        (
            format!("{get}expect: {{within: 500}}}}]"),
            r#"line 1: [0].expect.within is "500": must be a time such as 500ms or 2s, at most 30 s"#.to_owned(),
        ),
        (
            format!("{get}expect: {{json: {{status: ok}}}}}}]"),
            "line 1: [0].expect.json.status must be a JSON pointer such as /status or /checks/0/state, with ~0 for ~ and \
             ~1 for / in a name"
                .to_owned(),
        ),
        (
            format!("{get}expect: {{text: }}}}]"),
            "line 1: [0].expect.text is empty: must be a text to compare with".to_owned(),
        ),
        (
            "[{method: HEAD, path: /, expect: {text: ok}}]".to_owned(),
            "line 1: [0].expect.text can't be kept: a HEAD is answered without a body".to_owned(),
        ),
        (
            format!("{get}expected: {{status: 200}}}}]"),
            "line 1: [0].expected is no known key; did you mean expect?".to_owned(),
        ),
        (
            "- {method: GET, path: /}\n".repeat(11),
            "line 1: the document has 11 requests: must have at most 10".to_owned(),
        ),
        ("- &a {method: GET, path: /}".to_owned(), "line 1: [0] has an anchor, which is not taken; write it out where it is used".to_owned()),
    ] {
        assert_eq!(faults(&text), [said], "{text}");
    }
}

#[test]
fn all_faults_are_told_at_once_in_the_order_of_their_lines() {
    let text = "- method: FETCH\n  path: x\n- path: /\n  expect:\n    status: 1\n";
    let places: Vec<String> = read_document(text).expect_err("faults").into_iter().map(|fault| fault.path).collect();
    assert_eq!(places, ["[0].method", "[0].path", "[1].method", "[1].expect.status"]);
}
