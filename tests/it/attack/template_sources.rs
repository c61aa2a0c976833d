//! Templates, and what a member or a location is called.

use proptest::prelude::*;
use proptest::sample::select;
use readmit::business::{Brand, BusinessId};
use readmit::config::Mailbox;
use readmit::locale::{Language, Locale};
use readmit::templates::{Filling, Kind, MAX_BYTES, Part, Place, Rendered, Said, Templates};

use super::damage::{Bytes, damaged};
use super::{Effort, attack};
use crate::judge::template_sources::judge;
use crate::support::app::{START, TestApp, email};

/// What a template is made of, and what could be smuggled into one.
const STATEMENTS: &[&str] = &[
    "{{ name }}",
    "{{ business }}",
    "{{ email }}",
    "{{ colour }}",
    "{{ code }}",
    "{{ at }}",
    "{{ client }}",
    "{{ name|upper }}",
    "{{ name|safe }}",
    "{{ name | safe }}",
    "{{ name|escape }}",
    "{{ name|e|e }}",
    "{{ name|default('x') }}",
    "{{ name|replace('&lt;', '<') }}",
    "{{ name|list|join }}",
    "{{ name|tojson }}",
    "{{ name|urlencode }}",
    "{{ name|length }}",
    "{{ name[0] }}",
    "{{ name[::-1] }}",
    "{{ name ~ business }}",
    "{{ name * 99 }}",
    "{{ name * 99999999 }}",
    "{% autoescape false %}{{ name }}{% endautoescape %}",
    "{% if name %}x{% endif %}",
    "{% if logo_url %}<img src=\"{{ logo_url }}\">{% endif %}",
    "{% for c in name %}{{ c }}{% endfor %}",
    "{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}",
    "{% set x = name %}{{ x }}",
    "{% set x %}{{ name }}{% endset %}{{ x }}",
    "{% set name = '<b>' %}",
    "{% macro m(x) %}{{ x }}{% endmacro %}{{ m(name) }}",
    "{% filter upper %}{{ name }}{% endfilter %}",
    "{% include 'layout.html' %}",
    "{% extends 'layout.html' %}",
    "{% import 'layout.html' as l %}",
    "{% block content %}{{ name }}{% endblock %}",
    "{% raw %}{{ name }}{% endraw %}",
    "{# {{ name }} #}",
    "<p>",
    "</p>",
    "<a href=\"{{ link }}\">",
    "</a>",
    "<a href='{{ link }}'>x</a>",
    "{{ link }}",
    "{{ lifetime }}",
    "<b title=\"{{ name }}\">",
    "<style>a { }</style>",
    "\n",
    "\r\n",
    "Hello, ",
    "é",
    "\u{202e}",
    "\u{2028}",
    "{{ self }}",
    "{{ loop }}",
    "{{ undefined }}",
    "{{ 1/0 }}",
    "{{ [1] * 9999 }}",
    "{{ debug() }}",
    "{{ namespace() }}",
    "{{ dict(a=name) }}",
    "{{ name.__class__ }}",
    "{{ range(1000000)|list }}",
];

const PIECES: &[&[u8]] = &[
    b"{{",
    b"}}",
    b"{%",
    b"%}",
    b"{#",
    b"#}",
    b"{",
    b"}",
    b"|",
    b"|safe",
    b"'",
    b"\"",
    b"\\",
    b"\0",
    b"\x1b",
    b"\n",
    b"(",
    b"[",
    b"]",
    b")",
    b"-",
    b"~",
    b"\xff",
    b"|",
    b"{{{{{{{{{{{{",
    b"((((((((((((((((((((((((((((((((",
    b"name",
];

/// Both have no meaning but as text; what they make of a mail must not differ in its form.
const HOSTILE: &str =
    "<a href=\"https://evil.test\">{{ link }}</a>{% set x = 1 %}&\"'\r\nBcc: eve@evil.test";
const HARMLESS: &str = "Jane";

fn source() -> impl Strategy<Value = String> {
    // Often with what a mail of that kind must have, so that some are taken.
    let link = select(
        &[
            "",
            "{{ link }}",
            "<a href=\"{{ link }}\">here</a>",
            "{{ link }} {{ code }}",
        ][..],
    );
    let body = proptest::collection::vec(select(STATEMENTS), 0..5);
    let whole =
        (link, body).prop_map(|(link, body)| format!("{link}{}", body.concat()).into_bytes());
    let whole = prop_oneof![2 => whole.clone().prop_map(Bytes), 1 => damaged(whole, PIECES)];
    whole.prop_map(|Bytes(bytes)| String::from_utf8_lossy(&bytes).into_owned())
}

fn brand(name: &str) -> Brand {
    let from = Mailbox {
        name: Some(name.to_owned()),
        address: email("no-reply@readmit.test"),
    };
    Brand::plain(&from, &"https://id.readmit.test/".parse().expect("a URL"))
}

/// A mail of that kind to somebody of that name.
fn render(app: &TestApp, kind: Kind, name: &str) -> Rendered {
    let templates = Templates::default();
    let locale = Locale::parse("en").expect("a language");
    let chosen = app
        .wait(
            app.app()
                .store
                .read(move |db| Templates::default().choose(db, kind, BusinessId::new(7), &locale)),
        )
        .expect("the templates");
    let (brand, address) = (brand(name), email("jane@example.com"));
    let filling = Filling {
        brand: &brand,
        name,
        email: &address,
        language: Language::English,
        said: Said::sample(kind, &brand, START),
    };
    templates.render(&chosen, &filling).expect("a mail")
}

/// The names of the tags, in their order.
fn tags(html: &str) -> Vec<&str> {
    let starts = html.split('<').skip(1);
    starts
        .map(|rest| rest.split([' ', '>', '\n']).next().unwrap_or_default())
        .collect()
}

/// Assertion 60: whatever template is saved, no name is anything but text in it; whatever is refused is
/// refused with a place or a reason.
fn a_template_is_refused_with_reasons_or_keeps_names_text(effort: Effort) {
    let app = TestApp::builder().without_worker().start();
    app.add_business(7, "Canal House", "https://canal.test");
    let inputs = (select(&Kind::ALL[..]), select(&Part::ALL[..]), source());
    attack("templates", effort, &inputs, |(kind, part, source)| {
        let faults = judge(kind, part, &source);
        let place = Place {
            kind,
            part,
            business: BusinessId::new(7),
            locale: None,
        };
        let admin = app.admin();
        let saving = admin.set_template(place, source.clone(), None, START);
        let saved = app.wait(saving);
        assert_eq!(saved.is_ok(), faults.is_empty(), "{faults:?}");
        if saved.is_err() {
            return;
        }
        let (hostile, harmless) = (render(&app, kind, HOSTILE), render(&app, kind, HARMLESS));
        assert!(hostile.html.len() <= 2 * MAX_BYTES);
        assert!(
            !hostile.html.contains("href=\"https://evil.test\""),
            "{}",
            hostile.html
        );
        // How long a name is, or what its first letter is, may choose between two forms.
        let asks_about_names = ["{% if", "{% for", "|replace", "["]
            .iter()
            .any(|sign| source.contains(sign));
        if part == Part::Html && !asks_about_names {
            assert_eq!(tags(&hostile.html), tags(&harmless.html));
        }
    });
}

#[test]
fn a_saved_template_leaves_every_name_a_text() {
    a_template_is_refused_with_reasons_or_keeps_names_text(Effort::Cases(300));
}

#[test]
#[ignore = "takes a minute"]
fn templates_for_a_minute() {
    a_template_is_refused_with_reasons_or_keeps_names_text(Effort::Minute);
}
