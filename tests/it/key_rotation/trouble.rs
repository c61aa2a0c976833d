//! What can be wrong with the folder while a server runs on it: it goes on with the keys that it has.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::{
    JANE, LOOK, access_token, everlasting, list, retire, rotate, served, signed_by, verifies,
};
use crate::support::app::{NEW_PASSWORD, TestApp};
use crate::support::jwt::SigningKey;

/// A new key that others can read, or that is no key at all, signs nothing; the old one goes on, and
/// for as long as it has to. Once the file is in order, it is taken over.
#[test]
fn a_new_key_that_cannot_be_used_takes_nobodys_place() {
    let app = TestApp::with_jane();
    let keys = app.folder().join("keys");
    let token = access_token(&app);
    let old = SigningKey::of(&keys);
    let new = SigningKey::new();
    let path = new.write(&keys, app.now().millis() + 1);
    let good = fs::read(&path).expect("the key");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("a mode");
    app.advance(LOOK);
    assert_eq!(served(&app), [old.id()]);
    assert_eq!(signed_by(&access_token(&app)), old.id());

    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("a mode");
    fs::write(&path, "no key").expect("it is written");
    app.advance(super::HONOURED);
    assert_eq!(served(&app), [old.id()]);
    assert!(verifies(&app, &everlasting(&old, &token)));

    fs::write(&path, good).expect("it is written");
    app.advance(LOOK);
    assert_eq!(signed_by(&access_token(&app)), new.id());
    assert!(verifies(&app, &everlasting(&new, &token)));
}

/// A file that cannot be read does not keep the server from noticing that another key was retired.
#[test]
fn a_retirement_counts_beside_a_key_that_cannot_be_used() {
    let app = TestApp::with_jane();
    let token = access_token(&app);
    let (old, new) = (signed_by(&token), rotate(&app));
    retire(&app, &old);
    let keys = app.folder().join("keys");
    fs::write(keys.join("es256-1-broken.pem"), "no key").expect("it is written");
    app.advance(LOOK);
    assert!(!verifies(&app, &token));
    assert_eq!(served(&app), [new]);
}

/// A folder that is gone, empty, or open for others to put keys into, is no reason to stop serving,
/// nor to take anything over from it.
#[test]
fn a_folder_that_cannot_be_used_changes_nothing() {
    let app = TestApp::with_jane();
    let keys = app.folder().join("keys");
    let aside = app.folder().join("aside");
    let before = served(&app);
    let same = |what: &str| {
        app.advance(LOOK);
        assert_eq!(served(&app), before, "{what}");
        assert_eq!(signed_by(&access_token(&app)), before[0], "{what}");
    };
    fs::rename(&keys, &aside).expect("it is moved");
    same("gone");
    fs::create_dir(&keys).expect("a folder");
    same("empty");
    fs::remove_dir(&keys).expect("it is removed");
    fs::rename(&aside, &keys).expect("it is moved back");
    same("back");
    fs::set_permissions(&keys, fs::Permissions::from_mode(0o777)).expect("a mode");
    SigningKey::new().write(&keys, app.now().millis());
    same("open to others");
    fs::set_permissions(&keys, fs::Permissions::from_mode(0o700)).expect("a mode");
    app.advance(LOOK);
    assert_eq!(served(&app).len(), 2);
}

/// A kill between the mark of a retirement and the removal of the key: the mark counts, and the next
/// retirement clears up.
#[test]
fn a_retirement_that_was_cut_short_counts_and_is_finished_by_the_next() {
    let mut app = TestApp::with_jane();
    let keys = app.folder().join("keys");
    let first = SigningKey::of(&keys);
    let path = first.path.clone().expect("its file");
    let pem = fs::read(&path).expect("the key");
    let (token, second) = (access_token(&app), rotate(&app));
    retire(&app, &first.id());
    assert!(!path.exists());
    fs::write(&path, pem).expect("it is written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("a mode");
    app.advance(LOOK);
    for _ in 0..2 {
        assert!(!verifies(&app, &token));
        assert_eq!(served(&app), [second.as_str()]);
        app.restart();
    }
    rotate(&app);
    retire(&app, &second);
    assert!(!path.exists());
    assert_eq!(list(&app).len(), 3);
    let link = app.reset_token(JANE);
    assert_eq!(app.complete(&link, NEW_PASSWORD).status, 200);
}
