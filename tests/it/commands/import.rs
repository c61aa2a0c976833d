//! `readmit user import`: many people at once, or none.

use serde_json::json;

use super::{json, refused};
use crate::support::process::Site;

const HEADER: &str = "email,name,business,password\n";

fn site(csv: impl AsRef<[u8]>) -> Site {
    let site = Site::new("smtp://127.0.0.1:1");
    let portal = "--portal-url=https://canal.test";
    site.ok(&["business", "add", "7", "--name=Canal House", portal]);
    write(&site, csv);
    site
}

fn write(site: &Site, csv: impl AsRef<[u8]>) {
    std::fs::write(site.folder().join("people.csv"), csv).expect("a file");
}

const IMPORT: [&str; 3] = ["user", "import", "people.csv"];

/// What spreadsheets write is read: a mark of the byte order, CRLF, quotes, blanks, empty lines.
#[test]
fn people_are_imported_with_and_without_password_and_business() {
    let site = site(
        "\u{feff}Email, Name ,BUSINESS,password\r\n\
         Jane@Example.com,\"Doe, Jane\",7,nine otters in the old mill\r\n\
         \r\n\
         sam@example.com,  Sam \u{e9} , 7 ,\r\n\
         rob@example.com,\"Rob \"\"R\"\"\",,\"a password, with \"\"quotes\"\"\"\r\n",
    );
    assert_eq!(site.ok(&IMPORT), "3 people imported\n");
    let people = json(&site, &["user", "list", "--json"]);
    let people: Vec<_> = people
        .as_array()
        .expect("a list")
        .iter()
        .map(|p| json!([p["email"], p["name"], p["business_id"], p["has_password"]]))
        .collect();
    assert_eq!(
        people,
        [
            json!(["Jane@Example.com", "Doe, Jane", 7, true]),
            json!(["rob@example.com", "Rob \"R\"", null, true]),
            json!(["sam@example.com", "Sam \u{e9}", 7, false]),
        ]
    );
    let audited: i64 = site
        .sql()
        .query_row(
            "SELECT count(*) FROM audit WHERE event = 'account.import'",
            [],
            |row| row.get(0),
        )
        .expect("a count");
    assert_eq!(audited, 3);
}

/// One bad line, and nothing is imported: a half-imported file would have to be taken apart by hand.
/// The line is named by its number in the file, and no password is repeated.
#[test]
fn a_bad_line_is_named_by_its_number_and_nothing_is_imported() {
    let good = "jane@example.com,Jane,7,nine otters in a mill\n";
    let line = |number: u32, rows: &str, problem: &str| {
        let csv = format!("{HEADER}{good}{rows}");
        let said = format!("people.csv: line {number}: {problem}; nothing was imported");
        (csv.into_bytes(), said)
    };
    let header = |first: &str| {
        let said = "people.csv: line 1: the header must be email,name,business,password; \
                    nothing was imported";
        (first.as_bytes().to_vec(), said.to_owned())
    };
    let name = "a name is required, without control characters";
    let number = "a business is given by its number, which is 1 or more";
    let weak = "A password must have at least 12 characters. This password is one of the commonest. This \
                password is too easy to guess. Add words that do not belong together.";
    let not_utf8 = [
        HEADER.as_bytes(),
        good.as_bytes(),
        b"sam@example.com,S\xe4m,7,\n",
    ]
    .concat();
    let site = site("");
    for (csv, expected) in [
        line(
            3,
            "sam example,Sam,7,\n",
            "\"sam example\": This is not a valid email address.",
        ),
        line(3, ",Sam,7,\n", "\"\": An email address is required."),
        line(3, "sam@example.com, ,7,\n", name),
        line(3, "sam@example.com,\"S\nm\",7,\n", name),
        line(3, "sam@example.com,Sam,seven,\n", number),
        line(3, "sam@example.com,Sam,0,\n", number),
        line(3, "sam@example.com,Sam,7,hunter2\n", weak),
        line(3, "sam@example.com,Sam,7\n", "expected 4 fields, found 3"),
        line(
            3,
            "sam@example.com,Sam,7,hunter2,hunter2\n",
            "expected 4 fields, found 5",
        ),
        line(
            4,
            "sam@example.com,Sam,7,\nJANE@example.com,Jane,7,\n",
            "JANE@example.com stands on line 2 already",
        ),
        line(
            4,
            "sam@example.com,Sam,7,\nrob@example.com,Rob,8,\n",
            "there is no business 8; add it with `readmit business add 8`",
        ),
        // Empty lines and line breaks within quotes count as a text editor counts them.
        line(5, "\n\nsam@example.com,Sam,7,hunter2\n", weak),
        line(
            5,
            "sam@example.com,Sam,7,\"nine otters\nin a mill\"\nrob,Rob,7,\n",
            "\"rob\": This is not a valid email address.",
        ),
        line(
            4,
            "sam@example.com,Sam,7,\r\nrob,Rob,7,\r\n",
            "\"rob\": This is not a valid email address.",
        ),
        (
            format!("\u{feff}{HEADER}\r\n\r\n{good}\r\nsam@example.com,Sam\r\n").into_bytes(),
            "people.csv: line 6: expected 4 fields, found 2; nothing was imported".to_owned(),
        ),
        (
            not_utf8,
            "people.csv: line 3: it is not UTF-8; nothing was imported".to_owned(),
        ),
        header("jane@example.com,Jane,7,nine otters in a mill\n"),
        header("name,email,business,password\n"),
        header("email,name,business\n"),
        header(""),
    ] {
        write(&site, &csv);
        let said = refused(&site, &IMPORT);
        assert_eq!(said, expected);
        assert!(!said.contains("hunter2"), "{said}");
        assert_eq!(json(&site, &["user", "list", "--json"]), json!([]));
    }
}

/// Somebody who is there already is not overwritten, nor imported around.
#[test]
fn an_import_of_somebody_who_is_there_already_imports_nobody() {
    let site = site(format!(
        "{HEADER}sam@example.com,Sam,7,\nJane@example.com,Not Jane,7,\n"
    ));
    site.ok(&["user", "add", "jane@example.com", "--name=Jane"]);
    let said = refused(&site, &IMPORT);
    let expected =
        "people.csv: line 3: Jane@example.com has an account already; nothing was imported";
    assert_eq!(said, expected);
    let people = json(&site, &["user", "list", "--json"]);
    assert_eq!(people.as_array().map(Vec::len), Some(1));
    assert_eq!(people[0]["name"], "Jane");
    let said = refused(&site, &["user", "import", "nowhere.csv"]);
    assert!(said.starts_with("nowhere.csv: No such file"), "{said}");
}
