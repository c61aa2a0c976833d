//! What an import does not take for a hash, and in which words.

use readmit::password::{HashError, PasswordHash};
use serde_json::json;

use super::BCRYPT;
use crate::support::app::{PASSWORD, TestApp};

const SUPPORTED: &str = "supported are $argon2id$, $argon2i$, $argon2d$, bcrypt ($2a$, $2b$, $2y$), \
                         $pbkdf2-sha256$, $pbkdf2-sha512$, Django's pbkdf2_sha256$, $scrypt$ and SHA-512 \
                         crypt ($6$)";

fn problem(hash: &str) -> String {
    let refused = PasswordHash::import(hash).expect_err(hash);
    let said = refused.to_string();
    // A hash is a secret too: nothing but its beginning is repeated.
    for part in hash.split(['$', ',']).filter(|part| part.len() > 16) {
        assert!(!said.contains(part), "{said}");
    }
    said
}

/// Line and form are named, so that whoever exported the file knows what to look for; the people on the
/// lines before are not imported either.
#[test]
fn an_unknown_form_names_its_line_and_itself_and_nothing_is_imported() {
    let app = TestApp::start();
    let person = |email: &str, hash: &str| {
        json!({ "email": email, "name": "Somebody", "password_hash": hash }).to_string()
    };
    let foreign = "$5$rounds=5000$saltstring$VKJ7gZbZ4V3CSkNf1wZ5c1yY3u6kVzX1H0Qb7B2k1T9";
    let lines = [
        person("jane@example.com", BCRYPT),
        String::new(),
        person("sam@example.com", foreign),
        person("ruth@example.com", BCRYPT),
    ];
    let expected = format!(
        "line 3: password_hash: $5$ is not a supported form; {SUPPORTED}; nothing was imported"
    );
    assert_eq!(app.import(&lines.join("\r\n")), Err(expected));
    assert_eq!(app.query::<i64>("SELECT count(*) FROM accounts"), 0);
    assert_eq!(app.query::<i64>("SELECT count(*) FROM audit"), 0);
}

#[test]
fn a_form_is_named_by_its_beginning() {
    let rest = "cGVwcGVyc2FsdHBlcHBlcg$VKJ7gZbZ4V3CSkNf1wZ5c1yY3u6kVzX1H0Qb7B2k1T9";
    for form in [
        "$1$",
        "$5$",
        "$2$",
        "$2x$",
        "$y$",
        "$md5$",
        "$P$x",
        "$pbkdf2$",
        "$argon2$",
        "$bcrypt-sha256$",
        "pbkdf2_sha1$",
        "pbkdf2_sha512$",
        "bcrypt_sha256$",
        "argon2$",
        "sha1$",
        "md5$",
    ] {
        let said = problem(&format!("{form}{rest}"));
        if form == "$P$x" {
            // Capital letters could be the beginning of a password.
            assert_eq!(said, format!("this is not a password hash; {SUPPORTED}"));
        } else {
            assert_eq!(said, format!("{form} is not a supported form; {SUPPORTED}"));
        }
    }
}

/// A password that got into the wrong column must not be printed.
#[test]
fn what_is_no_hash_at_all_is_not_repeated() {
    for text in [
        "",
        " ",
        PASSWORD,
        "hunter2",
        "$hunter2$",
        "hunter2$hunter2",
        "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8",
        "{SSHA}0c0blFTXXNuAMHECS4uxrj3ZieMoWImr",
        "pbkdf2:sha256:600000$salt$0c0blFTXXNuAMHECS4uxrj3ZieMoWImr",
        "Secret.With.Dots$and$what$follows$it",
    ] {
        let said = problem(text);
        assert_eq!(
            said,
            format!("this is not a password hash; {SUPPORTED}"),
            "{text}"
        );
    }
}

#[test]
fn a_hash_that_is_cut_or_bent_is_refused_as_what_it_begins_like() {
    let b32 = "LgbF5574q8PXkMfBkWbvkkUImI7DX0lFhj74XZUyFG8";
    let b16 = "yMnKy8zNzs/Q0dLT1NXW1w";
    let b8 = "yMnKy8zNzs8";
    let sha512 =
        "XLKmjEEIXHE6MIyyz51kaCv3VMaKXDnPhpY0AWQidHWGmvSONBRP8kgRp9dLvJinqsPbIrjv0OVIScua8at1W/";
    let b65 = "A".repeat(87);
    for (form, hashes) in [
        (
            "$argon2id$",
            vec![
                format!("$argon2id$v=19$m=64,t=2,p=1${b16}"),
                format!("$argon2id$v=19$m=64,t=2,p=1${b16}$"),
                format!("$argon2id$v=19$m=64,t=2,p=1${b16}${b32}$"),
                format!("$argon2id$v=18$m=64,t=2,p=1${b16}${b32}"),
                format!("$argon2id$v=19$m=64,t=2${b16}${b32}"),
                format!("$argon2id$v=19$t=2,m=64,p=1${b16}${b32}"),
                format!("$argon2id$v=19$m=64,t=2,p=1,keyid=x${b16}${b32}"),
                format!("$argon2id$v=19$m=64,t=+2,p=1${b16}${b32}"),
                format!("$argon2id$v=19$m=64,t=0,p=1${b16}${b32}"),
                format!("$argon2id$v=19$m=4,t=2,p=1${b16}${b32}"),
                format!("$argon2id$v=19$m=64,t=2,p=99999999999${b16}${b32}"),
                format!("$argon2id$v=19$m=64,t=2,p=1${b16}${b8}"),
                format!("$argon2id$v=19$m=64,t=2,p=1$yMnKy8zN${b32}"),
                format!("$argon2id$v=19$m=64,t=2,p=1${b16}${b65}"),
                format!("$argon2id$v=19$m=64,t=2,p=1${b16}${b32}!"),
            ],
        ),
        (
            "$2b$",
            vec![
                BCRYPT[..59].to_owned(),
                format!("{BCRYPT}x"),
                BCRYPT.replace("$04$", "$03$"),
                BCRYPT.replace("$04$", "$4$"),
                BCRYPT.replace("$04$", "$32$"),
                BCRYPT.replace("$04$", "$ab$"),
                BCRYPT.replace("ruxhaef", "rux\u{e9}aef"),
                "$2b$".to_owned(),
            ],
        ),
        (
            "$pbkdf2-sha256$",
            vec![
                format!("$pbkdf2-sha256$i=0${b16}${b32}"),
                format!("$pbkdf2-sha256$0${b16}${b32}"),
                format!("$pbkdf2-sha256$-5${b16}${b32}"),
                format!("$pbkdf2-sha256$i=1000,l=31${b16}${b32}"),
                format!("$pbkdf2-sha256$i=1000,l=32,x=1${b16}${b32}"),
                format!("$pbkdf2-sha256$i=1000$${b32}"),
                format!("$pbkdf2-sha256$i=1000${b32}"),
            ],
        ),
        (
            "pbkdf2_sha256$",
            vec![
                format!("pbkdf2_sha256$0$salt${b32}="),
                format!("pbkdf2_sha256$1000${b32}="),
                format!("pbkdf2_sha256$1000$salt${b8}="),
                format!("pbkdf2_sha256$1000${}${b32}=", "s".repeat(65)),
            ],
        ),
        (
            "$scrypt$",
            vec![
                format!("$scrypt$ln=4,r=8${b16}${b32}"),
                format!("$scrypt$ln=0,r=8,p=1${b16}${b32}"),
                format!("$scrypt$ln=64,r=8,p=1${b16}${b32}"),
                format!("$scrypt$ln=4,r=0,p=1${b16}${b32}"),
                format!("$scrypt$ln=4,r=8,p=0${b16}${b32}"),
                format!("$scrypt$ln=4,r=65536,p=65536${b16}${b32}"),
                format!("$scrypt$ln=4,r=32768,p=32768${b16}${b32}"),
                format!("$scrypt$ln=4,r=4294967295,p=1${b16}${b32}"),
            ],
        ),
        (
            "$6$",
            vec![
                format!("$6$salt${}", &sha512[1..]),
                format!("$6$salt${sha512}x"),
                format!("$6$saltOfMoreThan16L${sha512}"),
                format!("$6$rounds=999$salt${sha512}"),
                format!("$6$rounds=5000$salt$more${sha512}"),
                format!("$6$salt${}!", &sha512[1..]),
            ],
        ),
    ] {
        for hash in hashes {
            assert_eq!(
                problem(&hash),
                format!("this is not a whole {form} hash"),
                "{hash}"
            );
        }
    }
}

/// Whoever signs in waits for the hash, and keeps a thread from everybody else: one that takes more than
/// some seconds or a gibibyte is refused while somebody is there to read why.
#[test]
fn a_hash_that_is_too_dear_is_refused_and_the_dearest_bearable_one_is_not() {
    let b32 = "LgbF5574q8PXkMfBkWbvkkUImI7DX0lFhj74XZUyFG8";
    let b16 = "yMnKy8zNzs/Q0dLT1NXW1w";
    let sha512 =
        "XLKmjEEIXHE6MIyyz51kaCv3VMaKXDnPhpY0AWQidHWGmvSONBRP8kgRp9dLvJinqsPbIrjv0OVIScua8at1W/";
    let argon2 = |m: u32, t: u32| format!("$argon2id$v=19$m={m},t={t},p=4${b16}${b32}");
    let scrypt = |ln: u8, r: u32, p: u32| format!("$scrypt$ln={ln},r={r},p={p}${b16}${b32}");
    let pbkdf2 = |i: u32| format!("$pbkdf2-sha512$i={i}${b16}${b32}");
    let django = |i: u32| format!("pbkdf2_sha256$i${b32}=").replace("$i$", &format!("${i}$salt$"));
    let sha = |rounds: u32| format!("$6$rounds={rounds}$salt${sha512}");
    let bcrypt = |cost: u32| BCRYPT.replace("$04$", &format!("${cost:02}$"));
    for bearable in [
        argon2(1_048_576, 8),
        argon2(8192, 1024),
        bcrypt(16),
        pbkdf2(10_000_000),
        django(10_000_000),
        scrypt(20, 8, 2),
        scrypt(14, 8, 128),
        sha(1_000_000),
    ] {
        let taken = PasswordHash::import(&bearable);
        assert!(taken.is_ok(), "{bearable}: {taken:?}");
    }
    let pair = "at most m=1048576, and 8388608 for the product of the two, is taken";
    let gib = "at most 1 GiB (ln=20,r=8), and twice its work, is taken";
    for (hash, form, what, most) in [
        (argon2(1_048_577, 1), "$argon2id$", "m=1048577,t=1", pair),
        (argon2(1_048_576, 9), "$argon2id$", "m=1048576,t=9", pair),
        (
            argon2(64, u32::MAX),
            "$argon2id$",
            "m=64,t=4294967295",
            pair,
        ),
        (bcrypt(17), "bcrypt", "cost 17", "at most 16 is taken"),
        (bcrypt(31), "bcrypt", "cost 31", "at most 16 is taken"),
        (
            pbkdf2(10_000_001),
            "PBKDF2",
            "10000001 iterations",
            "at most 10000000 is taken",
        ),
        (
            django(u32::MAX),
            "PBKDF2",
            "4294967295 iterations",
            "at most 10000000 is taken",
        ),
        (scrypt(21, 8, 1), "$scrypt$", "ln=21,r=8,p=1", gib),
        (scrypt(20, 9, 1), "$scrypt$", "ln=20,r=9,p=1", gib),
        (scrypt(20, 8, 3), "$scrypt$", "ln=20,r=8,p=3", gib),
        (scrypt(40, 16_384, 1), "$scrypt$", "ln=40,r=16384,p=1", gib),
        (
            sha(1_000_001),
            "$6$",
            "1000001 rounds",
            "at most 1000000 is taken",
        ),
        (
            sha(999_999_999),
            "$6$",
            "999999999 rounds",
            "at most 1000000 is taken",
        ),
    ] {
        let refused = PasswordHash::import(&hash).expect_err(&hash);
        assert!(matches!(refused, HashError::TooDear { .. }));
        let expected = format!("the {form} hash has {what}, which is too dear to verify; {most}");
        assert_eq!(refused.to_string(), expected);
    }
}
