//! What may be saved.

use readmit::locale::Language;
use readmit::templates::{Kind, MAX_BYTES, Part, builtin, lint};

use super::{place, save};
use crate::support::app::TestApp;

fn faults(kind: Kind, part: Part, source: &str) -> Vec<String> {
    let faults = lint(kind, part, source);
    faults.iter().map(ToString::to_string).collect()
}

/// What is built in is a place to begin from, so it passes.
#[test]
fn every_built_in_template_passes() {
    for kind in Kind::ALL {
        for part in Part::ALL {
            for language in Language::ALL {
                let source = builtin(kind, part, language);
                assert_eq!(
                    faults(kind, part, source),
                    [""; 0],
                    "{kind} {part} {language}"
                );
            }
        }
    }
}

/// A template, and how what is said of it begins.
const FAULTY: [(Kind, Part, &str, &str); 38] = [
    (Kind::Reset, Part::Text, " \n", "it is empty"),
    (Kind::Reset, Part::Text, "{{ link }} {% if %}", "line 1: "),
    (Kind::Reset, Part::Text, "one\n{{ link }\n", "line 2: "),
    (
        Kind::Reset,
        Part::Html,
        "{% extends 'other.html' %}",
        "it cannot be filled in: ",
    ),
    (
        Kind::Reset,
        Part::Text,
        "{{ link }} {{ pasword }}",
        "there is no {{ pasword }} in a mail of this kind; there are business, name, email, colour, text_on_colour, logo_url, lang, link, lifetime",
    ),
    // A branch that no sample leads to is looked at as well.
    (
        Kind::Reset,
        Part::Text,
        "{{ link }}{% if false %}{{ code }}{% endif %}",
        "there is no {{ code }}",
    ),
    (
        Kind::Changed,
        Part::Text,
        "{{ link }}",
        "there is no {{ link }}",
    ),
    (
        Kind::Reset,
        Part::Text,
        "Hello {{ name }}",
        "the link is missing: put {{ link }} where the reader needs it",
    ),
    (
        Kind::Reset,
        Part::Html,
        "<p>{{ link }}</p>",
        "the link is missing: put {{ link }} where the reader needs it, in the href of a link",
    ),
    (
        Kind::Reset,
        Part::Html,
        "<a href=\"https://evil.test\">{{ link }}</a>",
        "the link is missing",
    ),
    (
        Kind::Otp,
        Part::Text,
        "{{ link }}",
        "the code is missing: put {{ code }} where the reader needs it",
    ),
    (
        Kind::Otp,
        Part::Html,
        "<a href=\"{{ link }}\">x</a>",
        "the code is missing",
    ),
    (
        Kind::Reset,
        Part::Html,
        "<a href='{{ link }}'>{{ name|safe }}</a>",
        "line 1: the filter `safe` would leave values unescaped",
    ),
    (
        Kind::Reset,
        Part::Html,
        "<a href='{{ link }}'>\n{% if false %}{{ name | safe }}{% endif %}</a>",
        "line 2: the filter `safe` would leave",
    ),
    (
        Kind::Reset,
        Part::Html,
        "<a href='{{ link }}'></a>{% autoescape false %}{{ name }}{% endautoescape %}",
        "line 1: `autoescape` would leave",
    ),
    (
        Kind::Reset,
        Part::Html,
        "<a href='{{ link }}'></a>{%- autoescape 'none' %}x{% endautoescape %}",
        "line 1: `autoescape` would leave",
    ),
    (
        Kind::Reset,
        Part::Html,
        "<a href='{{ link }}'></a>{% filter safe %}{{ name }}{% endfilter %}",
        "it cannot be filled in: ",
    ),
    (
        Kind::Reset,
        Part::Subject,
        "One\nTwo",
        "a subject is one line",
    ),
    (
        Kind::Reset,
        Part::Subject,
        "One\r\nBcc: eve@evil.test",
        "a subject is one line",
    ),
    (
        Kind::Reset,
        Part::Subject,
        "{% for a in range(2) %}{{ a }}{{ '\\n' }}{% endfor %}x",
        "a subject is one line",
    ),
    (
        Kind::Reset,
        Part::Subject,
        "A\u{7}bell",
        "it contains a control character (U+0007)",
    ),
    (
        Kind::Reset,
        Part::Text,
        "{{ link }}\u{1b}[2J",
        "it contains a control character (U+001B)",
    ),
    (
        Kind::Reset,
        Part::Text,
        "{{ link }}{% for a in range(99999) %}{{ a }}{% endfor %}",
        "it takes too long to fill in",
    ),
    (
        Kind::Reset,
        Part::Text,
        "{{ link }}{{ 'x' * 100000000 }}",
        "it takes too long to fill in",
    ),
    // Neither would ever come to its end.
    (
        Kind::Reset,
        Part::Text,
        "{{ link }}\n{{ [[1] * 99999999] * 99999999 }}",
        "line 2: only a text in quotes can be repeated, as in {{ '-' * 40 }}",
    ),
    (
        Kind::Reset,
        Part::Text,
        "{{ link }}{% set x = \"'\"|list %}{{ '' ~ 99999999 * x }}",
        "line 1: only a text in quotes",
    ),
    (
        Kind::Reset,
        Part::Text,
        "{{ link }}{{ {'a': {'b': '*'}} ~ ['x'] * 99999999 }}",
        "line 1: only a text in quotes",
    ),
    (
        Kind::Reset,
        Part::Text,
        "{{ link }}{# {{ ' #}{{ [1] * 99999999 ~ '' }}",
        "line 1: only a text in quotes",
    ),
    (
        Kind::Reset,
        Part::Text,
        "{{ link }}{%- raw %}{{ \" {% endraw %}\n{{ [1] * 99999999 ~ \"\" }}",
        "line 2: only a text in quotes",
    ),
    (
        Kind::Reset,
        Part::Html,
        "<a href=\"{{ link }}\">x</a> <{{ name }}>",
        "a value stands within a tag",
    ),
    (
        Kind::Reset,
        Part::Html,
        "<a href=\"{{ link }}\" title={{ business }}>x</a>",
        "a value stands within a tag",
    ),
    (
        Kind::Reset,
        Part::Html,
        "<a href=\"{{ link }}\"{% if not logo_url %} {{ name }}{% endif %}>x</a>",
        "a value stands within a tag",
    ),
    (
        Kind::Reset,
        Part::Html,
        "<a href=\"{{ link }}\">x</a><a\nHREF = '{{ name }}'>y</a>",
        "a value stands within a tag",
    ),
    (
        Kind::Reset,
        Part::Html,
        "<a href=\"{{ link }}\">x</a><img src =\t\" {{ business }}\">",
        "a value stands within a tag",
    ),
    // The library panics at this one.
    (
        Kind::Reset,
        Part::Subject,
        "{% import 'layout.html' as l|upper %}",
        "line 1: there is nothing to import",
    ),
    (
        Kind::Reset,
        Part::Html,
        "<a href=\"{{ link }}\">x</a>\n{%-import 'layout.html' as [a, b] %}",
        "line 2: there is nothing to import",
    ),
    (
        Kind::Reset,
        Part::Text,
        "{{ link }}{{ name|nothing }}",
        "it cannot be filled in: ",
    ),
    (
        Kind::SignIn,
        Part::Text,
        "{{ at.year.day }}",
        "it cannot be filled in: ",
    ),
];

/// A star is no multiplication where it is text.
#[test]
fn a_star_that_repeats_no_list_may_stand() {
    for source in [
        "{{ link }} {{ '-' * 40 }} {{ \"=\"*40 }}",
        "{{ link }} {# {{ 2 * 3 }} #} {% raw %}{{ 2 * 3 }}{% endraw %} it's *",
        "*** {{ link }} *** }} * {{ name|replace('*', \"it's * \\\" *\") }} *",
    ] {
        assert_eq!(faults(Kind::Reset, Part::Text, source), [""; 0], "{source}");
    }
    let style = "<style>/* {a} */ p { margin: calc(2 * 1em) }</style><a href=\"{{ link }}\">x</a>";
    assert_eq!(faults(Kind::Reset, Part::Html, style), [""; 0]);
}

/// Values in texts, in quotes, beside signs that are no tag, and behind the beginning of an address.
#[test]
fn a_value_may_stand_where_it_stays_a_text() {
    for source in [
        "<a href=\"{{ link }}\" title='{{ name }}'>{{ name }}</a> 1 < {{ name }} > 0",
        "<!-- {{ name }} <b alt=\"a>b\"> --><p\nclass = \"{{ name }}\">{{ name }}</p><a href='{{ link }}'>x</a>",
        "<a href=\"{{ link }}\">x</a><a href=\"https://x.test/?n={{ name }}\">y</a>",
    ] {
        assert_eq!(faults(Kind::Reset, Part::Html, source), [""; 0], "{source}");
    }
}

/// Each rule, by a template that breaks this one alone.
#[test]
fn each_fault_is_named_with_what_to_do() {
    let long = format!("{{{{ link }}}}{}", "x".repeat(MAX_BYTES));
    let grows =
        "{{ link }}{% for a in range(200) %}".to_owned() + &"y".repeat(600) + "{% endfor %}";
    let own = [
        (
            Kind::Reset,
            Part::Text,
            long.as_str(),
            "it has 102410 bytes; 102400 are the most",
        ),
        (Kind::Reset, Part::Text, grows.as_str(), "filled in it has "),
    ];
    for (kind, part, source, expected) in FAULTY.into_iter().chain(own) {
        let shown: String = source.chars().take(80).collect();
        let found = faults(kind, part, source);
        assert!(
            found.iter().any(|fault| fault.starts_with(expected)),
            "{shown:?}: {found:?}"
        );
    }
}

/// All at once, so that nobody mends them one by one.
#[test]
fn every_fault_of_a_template_is_said() {
    let source = "<a href='{{ link }}'>{{ name|safe }}</a>{{ lonk }} {{ nmae }}\u{8}";
    let found = faults(Kind::Reset, Part::Html, source);
    for expected in ["{{ lonk }}", "{{ nmae }}", "`safe`", "U+0008"] {
        assert!(
            found.iter().any(|fault| fault.contains(expected)),
            "{expected}: {found:?}"
        );
    }
}

/// A refused template changes nothing: there is no row, no entry, and the mail is as before.
#[test]
fn what_the_lint_refuses_is_not_saved() {
    let app = TestApp::with_jane();
    let at = place(Kind::Reset, Part::Html, Some(7), None);
    let refused = save(&app, &at, "<p>no link</p>").expect_err("no link");
    assert!(refused.to_string().contains("the link is missing"));
    let at = place(Kind::Reset, Part::Text, Some(9), None);
    let refused = save(&app, &at, "{{ link }}").expect_err("no such business");
    assert!(refused.to_string().starts_with("there is no business 9"));
    for table in ["templates", "template_versions"] {
        let rows: i64 = app.query(&format!("SELECT count(*) FROM {table}"));
        assert_eq!(rows, 0, "{table}");
    }
    let audited: i64 = app.query("SELECT count(*) FROM audit WHERE event LIKE 'template.%'");
    assert_eq!(audited, 0);
}
