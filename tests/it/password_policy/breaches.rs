//! A file of breached passwords: searched where it stands, and looked at before it is relied on.

use std::path::Path;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

use super::{BREACHED, messages, missed, policy};
use crate::support::app::{NEW_PASSWORD, TestApp};
use crate::support::process::{Process, Site};

/// SHA-1 of `seven herons on the quay`, by another implementation.
const QUAY: &str = "991F0F3B169855850634A7DC97820080166ADD69";

fn sha1(text: &str) -> String {
    let digest = digest(&SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes());
    data_encoding::HEXUPPER.encode(digest.as_ref())
}

fn number(at: usize) -> String {
    format!("otter number {at} of many")
}

/// Writes the hashes of these passwords in order, each with `tail(place)` behind.
fn write(path: &Path, passwords: &[String], tail: impl Fn(usize) -> String) {
    let mut hashes: Vec<_> = passwords.iter().map(|text| sha1(text)).collect();
    hashes.sort();
    let lines = hashes.iter().enumerate();
    let lines: Vec<_> = lines.map(|(at, hash)| hash.clone() + &tail(at)).collect();
    let lines = lines.concat();
    std::fs::write(path, lines).expect("a file");
}

/// Assertion 9. Each of them is found, the first and the last included, and nothing else is, whatever
/// the ends of lines are and whether there are counts, for files of one line and of many.
#[test]
fn every_password_of_the_file_is_found_and_no_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("breached.txt");
    let shown = path.display().to_string();
    for count in [1, 2, 3, 10, 500] {
        let passwords: Vec<_> = (0..count).map(number).collect();
        let last = count - 1;
        let counted = |at: usize| format!(":{}", at * at * 7919);
        let tails: [&dyn Fn(usize) -> String; 5] = [
            &|_| "\n".to_owned(),
            &|_| "\r\n".to_owned(),
            &|at| format!("{}\n", counted(at)),
            &|at| format!("{}\r\n", counted(at)),
            &|at| counted(at) + if at == last { "" } else { "\r\n" },
        ];
        for (form, tail) in tails.into_iter().enumerate() {
            write(&path, &passwords, tail);
            let policy = policy(&[("breach_file", &shown), ("min_score", "0")]);
            for password in &passwords {
                assert_eq!(missed(&policy, password), [BREACHED], "{password}, {form}");
            }
            for other in count..count + 60 {
                assert_eq!(missed(&policy, &number(other)), [""; 0], "{other}, {form}");
            }
        }
    }
}

/// Hashes before the first line, behind the last, and beside one that differs in its end only.
#[test]
fn a_hash_beside_one_of_the_file_is_not_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("breached.txt");
    let shown = path.display().to_string();
    assert_eq!(sha1(NEW_PASSWORD), QUAY);
    let (first, second) = QUAY.split_at(39);
    let digit = u32::from_str_radix(second, 16).expect("a digit");
    let beside = |digit: u32| format!("{first}{digit:X}");
    let found = |hashes: &[String]| {
        std::fs::write(&path, hashes.join("\n")).expect("a file");
        missed(&policy(&[("breach_file", &shown)]), NEW_PASSWORD) == [BREACHED]
    };
    let (before, behind) = (beside(digit - 1), beside(digit + 1));
    assert!(!found(&[before.clone(), behind.clone()]));
    assert!(!found(std::slice::from_ref(&before)));
    assert!(!found(std::slice::from_ref(&behind)));
    assert!(found(&[before, QUAY.to_owned(), behind]));
    assert!(found(&[QUAY.to_ascii_lowercase()]), "either case");
}

/// It is the password as it counts that is looked up: composed, and byte for byte otherwise.
#[test]
fn a_breached_password_is_refused_over_http() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("breached.txt");
    write(&path, &["caf\u{e9} on the quay".to_owned()], |_| {
        "\n".to_owned()
    });
    let app = TestApp::builder()
        .set("password.breach_file", path.display())
        .start()
        .and_jane();
    let token = app.reset_token("jane@example.com");
    let answer = app.complete(&token, "cafe\u{301} on the quay");
    assert_eq!(messages(&answer, "Password"), [BREACHED]);
    app.complete(&token, "caf\u{e9} on the Quay").envelope(200);
}

/// A file that cannot be what it should be ends the start in words, and `check` says the same. Found out
/// only when a password is looked up, it would protect nobody.
#[test]
fn a_file_that_is_no_such_list_is_refused_before_anybody_relies_on_it() {
    let hash = |at: usize| {
        let mut hashes: Vec<_> = (0..3).map(number).map(|text| sha1(&text)).collect();
        hashes.sort();
        hashes[at].clone()
    };
    let path = "breached.txt";
    let form = "is not of the form; each line has the 40 hexadecimal digits of a SHA-1, and may have a \
                colon and a count behind";
    let order =
        "is not in order; take the corpus that is sorted by hash, or sort it with `LC_ALL=C sort`";
    let site = Site::new("smtp://127.0.0.1:1").set("password.breach_file", path);
    let said = || {
        let process = Process::try_start(site.command(&["serve"]));
        let log = process.err().expect("the server does not start");
        let line = log.lines().last().unwrap_or_default().to_owned();
        let check = site.run(&["check"]);
        assert_eq!(check.status.code(), Some(1));
        let printed = String::from_utf8_lossy(&check.stdout).into_owned();
        let problem = line
            .strip_prefix("readmit: ")
            .expect("a message")
            .to_owned();
        let expected = format!("FAILED  breached passwords: {problem}");
        assert!(printed.lines().any(|line| line == expected), "{printed}");
        problem
            .strip_prefix("password.breach_file: ")
            .expect("its key")
            .to_owned()
    };
    assert_eq!(
        said(),
        format!("cannot read {path}: No such file or directory (os error 2)")
    );
    std::fs::create_dir(site.folder().join(path)).expect("a folder");
    assert_eq!(said(), format!("{path} is not a file"));
    std::fs::remove_dir(site.folder().join(path)).expect("a folder");
    let ntlm = &hash(0)[..32];
    let many = format!("{}\n", hash(0)).repeat(3);
    for (content, problem) in [
        (String::new(), format!("the first line {form}")),
        ("password\n".to_owned(), format!("line 1 {form}")),
        (format!("{ntlm}\n"), format!("line 1 {form}")),
        (format!("{}:\n", hash(0)), format!("line 1 {form}")),
        (format!("{}:12x\n", hash(0)), format!("line 1 {form}")),
        (format!("{} 12\n", hash(0)), format!("line 1 {form}")),
        (
            format!("{}\n\n{}\n", hash(0), hash(1)),
            format!("line 2 {form}"),
        ),
        (
            format!("{}\n{}", hash(0), &hash(1)[..39]),
            format!("line 2 {form}"),
        ),
        (
            format!("{}:9\n{}:5\n", hash(1), hash(0)),
            format!("line 2 {order}"),
        ),
        (many, format!("line 2 {order}")),
        ("0".repeat(100_000), format!("line 1 {form}")),
    ] {
        std::fs::write(site.folder().join(path), &content).expect("a file");
        assert_eq!(said(), format!("{path}: {problem}"), "{content:.100}");
    }
    // Its end is looked at too, without all that is between.
    let mut hashes: Vec<_> = (0..3000).map(number).map(|text| sha1(&text)).collect();
    hashes.sort();
    let whole = hashes.join("\n");
    for (end, problem) in [
        (format!("\n{}", hash(0)), order),
        ("\nthe end".to_owned(), form),
        (format!("\n{}", "F".repeat(500)), form),
    ] {
        std::fs::write(site.folder().join(path), format!("{whole}{end}")).expect("a file");
        assert_eq!(said(), format!("{path}: the last line {problem}"));
    }
    std::fs::write(site.folder().join(path), whole).expect("a file");
    drop(site.serve());
    let checked = String::from_utf8(site.run(&["check"]).stdout).expect("UTF-8");
    assert!(
        checked.contains("ok      breached passwords: breached.txt, 122999 bytes"),
        "{checked}"
    );
}

/// A list that goes bad while the server runs is reported, and keeps nobody out: the other rules stand.
#[test]
fn a_file_that_fails_later_keeps_nobody_from_a_new_password() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("breached.txt");
    write(&path, &[number(1), number(2)], |_| "\n".to_owned());
    let policy = policy(&[("breach_file", &path.display().to_string())]);
    assert_eq!(missed(&policy, &number(1)), [BREACHED]);
    std::fs::write(&path, "").expect("a file");
    assert_eq!(missed(&policy, &number(1)), [""; 0]);
    assert_ne!(missed(&policy, "short"), [""; 0]);
}
