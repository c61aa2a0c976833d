//! Section `[http]`: addresses, origins, proxies.

use super::{load, refusal};

#[test]
fn origins_are_normalised_and_hold_nothing_else() {
    let list = |items: &str| load(&format!("[http]\nallowed_origins = [{items}]"), &[]);
    assert_eq!(
        list(r#""HTTPS://Portal.Example:443/", "http://localhost:3000""#)
            .unwrap()
            .http
            .allowed_origins,
        ["https://portal.example", "http://localhost:3000"]
    );
    for wrong in [
        "*",
        "null",
        "portal.example",
        "https://a.example/x",
        "https://a.example?x",
        "ftp://a.example",
    ] {
        let message = list(&format!("\"{wrong}\"")).unwrap_err();
        assert!(
            message.contains(&format!(
                "http.allowed_origins: \"{wrong}\" is not an origin"
            )),
            "{message}"
        );
    }
}

#[test]
fn the_public_url_is_a_place_that_paths_can_be_joined_to() {
    let url =
        |text: &str| load("", &[("READMIT_HTTP__PUBLIC_URL", text)]).map(|c| c.http.public_url);
    let joined = url("https://a.example/id").unwrap().join("docs").unwrap();
    assert_eq!(joined.as_str(), "https://a.example/id/docs");
    for wrong in [
        "ftp://a.example",
        "https://a.example/?x=1",
        "https://a.example/#x",
        "a.example",
        "https://u:hunter2@a.example",
    ] {
        let message = url(wrong).unwrap_err();
        assert!(
            message.starts_with("READMIT_HTTP__PUBLIC_URL: http.public_url: "),
            "{message}"
        );
        assert!(
            message.contains(" is not the address of a site; "),
            "{message}"
        );
        assert!(!message.contains("hunter2"), "{message}");
    }
}

#[test]
fn a_proxy_is_an_address_or_a_network() {
    let file =
        r#"http.trusted_proxies = ["10.1.2.3/8", "192.0.2.1", "::ffff:192.0.2.2", "fd00::1"]"#;
    let proxies = load(file, &[]).unwrap().http.trusted_proxies;
    let proxies: Vec<String> = proxies.iter().map(ToString::to_string).collect();
    assert_eq!(
        proxies,
        ["10.0.0.0/8", "192.0.2.1/32", "192.0.2.2/32", "fd00::1/128"]
    );
    let message = refusal("", &[("READMIT_HTTP__TRUSTED_PROXIES", "10.0.0.1,proxy")]);
    assert!(
        message.contains("\"proxy\" is not an address or network"),
        "{message}"
    );
}
