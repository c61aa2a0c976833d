//! Each form, with hashes that other implementations made of `seven herons on the quay`.

use std::time::Duration;

use serde_json::json;

use super::{
    CURRENT, JANE, assert_refused, assert_signs_in, import_jane, stored, with_imported_jane,
};
use crate::support::app::{NEW_PASSWORD, PASSWORD, TestApp};

/// By argon2-cffi, bcrypt, hashlib, passlib and OpenSSL.
const HASHES: [&str; 19] = [
    "$argon2id$v=19$m=64,t=2,p=1$yMnKy8zNzs/Q0dLT1NXW1w$GcpejsD4LPNBOWtt6ELjPhO4A6gVPCcEaS95eU3xNvE",
    "$argon2i$v=19$m=64,t=2,p=1$yMnKy8zNzs/Q0dLT1NXW1w$KYlxGE9ig9ZLL8HPpW3v9Z8JtATjMaHcenE7fuMl8OE",
    "$argon2d$v=19$m=64,t=2,p=1$yMnKy8zNzs/Q0dLT1NXW1w$uKvcP8zXfdbx7qKc3cStUam+9nW/RsxYu05ylGDfiKw",
    // The older version, named and as it was written when there was no other.
    "$argon2i$v=16$m=32,t=3,p=2$yMnKy8zNzs/Q0dLT1NXW1w$Oyi3Jd7fD2hZ018HMv+IaJqPBwOTDv37",
    "$argon2i$m=32,t=3,p=2$yMnKy8zNzs/Q0dLT1NXW1w$Oyi3Jd7fD2hZ018HMv+IaJqPBwOTDv37",
    "$2a$04$DtF9UxB/66WiTccmdN0UbOgFgARGn4bMgEhLLfFkw36n3B8hWOPZC",
    "$2b$04$g.Po0ycmlIEALdU9ruxhaef2hi4pRibXti77AYXAvgnZoa9y.StYe",
    "$2y$05$nln3RD/hVig0ZwzLCAZXjOpKvXn0t9RrPj1Nu/XhJrtKCUcgZkPHq",
    "$pbkdf2-sha256$i=1000,l=32$yMnKy8zNzs/Q0dLT1NXW1w$LgbF5574q8PXkMfBkWbvkkUImI7DX0lFhj74XZUyFG8",
    "$pbkdf2-sha256$i=1000$yMnKy8zNzs/Q0dLT1NXW1w$LgbF5574q8PXkMfBkWbvkkUImI7DX0lFhj74XZUyFG8",
    "$pbkdf2-sha512$i=800,l=64$yMnKy8zNzs/Q0dLT1NXW1w\
     $wEesJ+qKWJxRtXkgHxep9t+5sjO3oHrLw/xrellkDcITHzxEGcDLlNIP+QD/tu/biN6c2C2TDIsGnCixaOyoUw",
    // passlib's, with its dots for pluses.
    "$pbkdf2-sha256$900$.//..//..//..//.$D4w/1ytXFY0UkAY4VvnUnP8pvS4S3L.pSedg15fqQDU",
    "$pbkdf2-sha512$900$.//..//..//..//.\
     $6e7OBR0m4eMkCJhFA.V0Yh6exMTJEAA1MASokPYkpM.HjbARNsx.pWmX5DBmV37RJiHavE.CAh7HWCQ6lDDrgw",
    // Django's.
    "pbkdf2_sha256$1200$mYrNcGbzXq4v$K/6NUPDNL6Xi8LzDgGa52OJRzVXcO2BiMcDJb/xC8FU=",
    "$scrypt$ln=4,r=8,p=2$yMnKy8zNzs/Q0dLT1NXW1w$7V64BwI1YW0FG7l3usfYM88PlJl4tMn5RYGzx0QZNyg",
    "$scrypt$ln=5,r=4,p=1$+//++//++//++//+$7RvOchhYcn+mgmTuVdOkYBJVn3unIf4aiUQHQ05rDM0",
    "$6$rounds=1000$Gq8xZ1$XLKmjEEIXHE6MIyyz51kaCv3VMaKXDnPhpY0AWQidHWGmvSONBRP8kgRp9dLvJinqsPbIrjv0OVIScua8at1W/",
    "$6$saltOf16Letters.$R6XCMZDlI/REN8wd7cxSvXPa.BURCGcaOfJRbZaf1JpUbKQqZtAiRJ94dG1jSMTh5JPGVbu9sL0Po0zG.39sK0",
    // With the blanks that an export by hand leaves around it.
    " $2b$04$g.Po0ycmlIEALdU9ruxhaef2hi4pRibXti77AYXAvgnZoa9y.StYe\t",
];

/// The whole way of each form: a wrong password is refused and changes nothing, the right one signs in,
/// the row then holds Argon2id at the current cost, and it signs in again.
#[test]
fn each_form_signs_its_owner_in_and_is_replaced() {
    let app = TestApp::start();
    for hash in HASHES {
        import_jane(&app, hash);
        for wrong in [
            PASSWORD,
            "seven herons on the quai",
            "seven herons on the quay ",
        ] {
            assert_refused(&app, wrong);
        }
        assert_eq!(stored(&app), hash.trim());
        assert_signs_in(&app, NEW_PASSWORD);
        assert!(stored(&app).starts_with(CURRENT), "{hash}");
        assert_signs_in(&app, NEW_PASSWORD);
        assert_refused(&app, PASSWORD);
        app.wait(
            app.admin()
                .remove_account(crate::support::app::email(JANE), app.now()),
        )
        .expect("she is removed");
    }
}

/// bcrypt never saw what stands behind the 72nd byte. Who signs in with all of a long password must be
/// let in, and from then on all of it counts, as for everybody here (assertion 8).
#[test]
fn bcrypt_hashes_stop_at_72_bytes_until_they_are_replaced() {
    let whole =
        "nine otters in the old mill, nine otters in the old mill, nine otters in the old mill";
    let hash = "$2b$04$Jb6Y./tiGe.NFuG3wWCzDOMkuK6MWlsCuIAwt0/xJd1uLODpvVTLC";
    assert!(whole.len() > 72);
    let app = with_imported_jane(hash);
    assert_refused(&app, &whole[..71]);
    assert_signs_in(&app, whole);
    for other in [&whole[..72], &whole[..73], &format!("{whole}!")] {
        assert_refused(&app, other);
    }
    let app = with_imported_jane(hash);
    assert_signs_in(&app, &whole[..72]);
    assert_refused(&app, whole);
}

/// Keyboards differ in how they compose an accent, whoever made the hash (assertion 8).
#[test]
fn a_foreign_hash_of_a_composed_password_matches_a_decomposed_one() {
    // `café on the quay`, composed, by the bcrypt of another implementation.
    let app = with_imported_jane("$2b$04$66XVsVabhQhXtRPPeMJKQup1DTD4Ucf0uzofRVXmaBL121ejnh/X6");
    assert_refused(&app, "cafe on the quay");
    assert_signs_in(&app, "cafe\u{301} on the quay");
    assert_signs_in(&app, "caf\u{e9} on the quay");
}

/// Assertion 15: for an account without a hash, with a foreign one, and for none at all, the hasher is
/// asked; a stored text that is no hash lets nobody in, and leaves a word in the log only.
#[test]
fn a_stored_text_that_is_no_hash_lets_nobody_in() {
    let app = TestApp::with_jane();
    for broken in [
        "",
        "$2b$04$",
        "$argon2id$v=19$m=64,t=1,p=1$x",
        "nine otters in the old mill",
    ] {
        app.sql()
            .execute("UPDATE accounts SET password_hash = ?1", [broken])
            .expect("a broken hash");
        assert_refused(&app, PASSWORD);
        if !broken.is_empty() {
            assert_refused(&app, broken);
        }
        // Wrong guesses are forgotten after a day.
        app.advance(Duration::from_hours(48));
    }
}

/// In one import: people with a hash, with a password in clear, and with neither.
#[test]
fn hashes_passwords_and_people_without_either_come_in_one_file() {
    let app = TestApp::start();
    let lines = [
        json!({ "email": JANE, "name": "Jane", "password_hash": HASHES[5] }),
        json!({ "email": "sam@example.com", "name": "Sam", "password": PASSWORD }),
        json!({ "email": "kim@example.com", "name": "Kim" }),
        json!({ "email": "ruth@example.com", "name": "Ruth", "password_hash": HASHES[5], "must_reset": true }),
    ];
    let lines: Vec<_> = lines.iter().map(ToString::to_string).collect();
    assert_eq!(app.import(&lines.join("\n")), Ok(4));
    assert_signs_in(&app, NEW_PASSWORD);
    assert_eq!(app.sign_in("sam@example.com", PASSWORD).status, 200);
    let error = |email| app.sign_in(email, NEW_PASSWORD).json()["error"].clone();
    assert_eq!(error("kim@example.com"), "invalid_grant");
    assert_eq!(error("ruth@example.com"), "must_reset_password");
}
