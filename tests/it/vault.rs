//! The sealing and the MAC key: how they come to be, and what is made with them.

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use readmit::entropy::Entropy;
use readmit::vault::Vault;
use secrecy::ExposeSecret as _;
use tempfile::TempDir;

use crate::support::app::{PASSWORD, TestApp};
use crate::support::parallel::all_at_once;
use crate::support::process::{Process, Site};

const FILES: [&str; 2] = ["seal.key", "mac.key"];

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn vault(folder: &Path) -> Vault {
    Vault::open(folder, &Entropy::System).expect("a vault")
}

fn opened(vault: &Vault, context: &str, sealed: &[u8]) -> Option<Vec<u8>> {
    let plain = vault.open_sealed(context, sealed)?;
    Some(plain.expose_secret().to_vec())
}

/// What is sealed says nothing, not even that the same was sealed before, and opens for the purpose
/// that it was sealed for alone: a secret that is copied to another account's row is worth nothing.
#[test]
fn what_is_sealed_opens_under_its_own_context_only() {
    let folder = folder();
    let vault = vault(folder.path());
    for plain in [&b"swordfish"[..], b"", &[0; 1000]] {
        let sealed = vault.seal("totp:jane", plain);
        assert_eq!(opened(&vault, "totp:jane", &sealed).as_deref(), Some(plain));
        assert_ne!(vault.seal("totp:jane", plain), sealed);
        assert!(plain.is_empty() || !sealed.windows(plain.len()).any(|part| part == plain));
        for other in ["totp:bob", "totp:jane ", "otp:jane", ""] {
            assert_eq!(opened(&vault, other, &sealed), None, "{other}");
        }
    }
}

/// Every byte counts: what was changed, cut or lengthened does not open.
#[test]
fn what_is_sealed_cannot_be_changed() {
    let folder = folder();
    let vault = vault(folder.path());
    let sealed = vault.seal("totp:jane", b"swordfish");
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        assert_eq!(opened(&vault, "totp:jane", &changed), None, "byte {at}");
        let cut = &sealed[..at];
        assert_eq!(opened(&vault, "totp:jane", cut), None, "{at} bytes");
    }
    let longer = [&sealed[..], &[0]].concat();
    assert_eq!(opened(&vault, "totp:jane", &longer), None);
}

/// The keys are those of the folder: they stay the same from start to start, and those of another
/// deployment open and reproduce nothing.
#[test]
fn the_keys_are_made_once_for_each_deployment() {
    let (own, other) = (folder(), folder());
    let first = vault(own.path());
    let bytes = FILES.map(|name| fs::read(own.path().join(name)).expect("a key file"));
    let sealed = first.seal("totp:jane", b"swordfish");
    let mac = first.mac("otp", b"jane");
    drop(first);

    let again = vault(own.path());
    let after = FILES.map(|name| fs::read(own.path().join(name)).expect("a key file"));
    assert_eq!(after, bytes);
    assert_ne!(bytes[0], bytes[1]);
    assert_eq!(
        opened(&again, "totp:jane", &sealed).as_deref(),
        Some(&b"swordfish"[..])
    );
    assert_eq!(again.mac("otp", b"jane"), mac);
    let stranger = vault(other.path());
    assert_eq!(opened(&stranger, "totp:jane", &sealed), None);
    assert_ne!(stranger.mac("otp", b"jane"), mac);
}

/// A code that is derived for one purpose can never turn up for another, wherever the border between
/// purpose and message may seem to lie.
#[test]
fn a_mac_belongs_to_its_purpose_and_message() {
    let folder = folder();
    let vault = vault(folder.path());
    let pairs = [
        ("otp", &b"jane"[..]),
        ("otp", b"jan"),
        ("otp", b""),
        ("otpj", b"ane"),
        ("ot", b"pjane"),
        ("", b"otpjane"),
        ("recovery-code", b"jane"),
    ];
    let macs: HashSet<_> = pairs
        .iter()
        .map(|(purpose, message)| vault.mac(purpose, message))
        .collect();
    assert_eq!(macs.len(), pairs.len());
    assert_eq!(vault.mac("otp", b"jane"), vault.mac("otp", b"jane"));
}

/// Assertion 77. Made on the first start, and for nobody else to read.
#[test]
fn the_first_start_makes_both_keys_for_the_owner_alone() {
    let app = TestApp::start();
    for name in FILES {
        let file = fs::metadata(app.folder().join("keys").join(name)).expect("a key file");
        assert_eq!(file.permissions().mode() & 0o7777, 0o600, "{name}");
    }
    let left_over: Vec<_> = fs::read_dir(app.folder().join("keys"))
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name())
        .filter(|name| name.to_string_lossy().starts_with(".new"))
        .collect();
    assert!(left_over.is_empty(), "{left_over:?}");
}

/// A deployment of the time before these keys has signing keys only. It gets them with the next
/// start, and its signing key stays.
#[test]
fn a_deployment_without_these_keys_gets_them_at_its_next_start() {
    let mut app = TestApp::with_jane();
    let keys = app.folder().join("keys");
    let before = app.app().signer.jwks();
    app.stop();
    for name in FILES {
        fs::remove_file(keys.join(name)).expect("a key file");
    }
    app.start_again();
    assert!(FILES.iter().all(|name| keys.join(name).exists()));
    assert_eq!(app.app().signer.jwks(), before);
    assert_eq!(app.sign_in("jane@example.com", PASSWORD).status, 200);
}

/// Servers that start at the same moment must come to the same keys, or what one seals, the other
/// could not open.
#[test]
fn starts_at_the_same_moment_come_to_the_same_keys() {
    for _ in 0..10 {
        let folder = folder();
        let vaults = all_at_once(&[(); 8], |()| vault(folder.path()));
        let sealed = vaults[0].seal("totp:jane", b"swordfish");
        for vault in &vaults {
            assert!(opened(vault, "totp:jane", &sealed).is_some());
            assert_eq!(vault.mac("otp", b"jane"), vaults[0].mac("otp", b"jane"));
        }
    }
}

/// Assertion 77: keys that others can read are no secret any more, and a server that went on with
/// them would hide it. `check` says the same, and makes nothing.
#[test]
fn a_key_that_others_can_read_is_refused_in_words() {
    for name in FILES {
        let site = Site::new("file:mail");
        assert!(
            site.ok(&["check"])
                .contains("will be made at the first start")
        );
        assert!(!site.folder().join("keys").exists());
        drop(site.serve());
        let path = site.folder().join("keys").join(name);
        for mode in [0o640, 0o604, 0o660] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("a mode");
            let check = site.run(&["check"]);
            assert_eq!(check.status.code(), Some(1), "{check:?}");
            let check = String::from_utf8_lossy(&check.stdout).into_owned();
            let serve = Process::try_start(site.command(&["serve"])).err();
            for said in [check, serve.expect("the server does not start")] {
                let expected = format!(
                    "keys/{name} is open to other users (mode {mode:04o}); readmit does not start"
                );
                assert!(said.contains(&expected), "{said}");
                assert!(said.contains(&format!("chmod 600 keys/{name}")), "{said}");
            }
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("a mode");
        assert!(site.ok(&["check"]).contains("signing with"));
    }
}

/// A file with something else in it is somebody's mistake, such as the two keys mixed up. It is never
/// written over, for that would make what it sealed unreadable for good; and the message shows none of it.
#[test]
fn a_file_that_does_not_hold_its_key_is_refused_and_left_alone() {
    let folder = folder();
    drop(vault(folder.path()));
    let [seal, mac] = FILES.map(|name| folder.path().join(name));
    let good = fs::read_to_string(&seal).expect("the key");
    let mixed_up = fs::read_to_string(&mac).expect("the key");
    let short = pem::encode(&pem::Pem::new("READMIT SEALING KEY", vec![7; 31]));
    for wrong in [mixed_up.as_str(), &short, &good[..40], "", "swordfish"] {
        fs::write(&seal, wrong).expect("it is written");
        let error = Vault::open(folder.path(), &Entropy::System).expect_err("a refusal");
        let said = error.to_string();
        assert!(
            said.contains("seal.key does not hold the key that was made into it"),
            "{said}"
        );
        assert!(!said.contains("swordfish"), "{said}");
        assert_eq!(fs::read_to_string(&seal).expect("the file"), wrong);
    }
    fs::write(&seal, good).expect("it is written");
    drop(vault(folder.path()));
}

/// Assertion 80, for what ends up in a log by `{:?}`.
#[test]
fn a_vault_shows_nothing_of_its_keys() {
    let folder = folder();
    assert_eq!(format!("{:?}", vault(folder.path())), "Vault(…)");
}

/// The first command may be run by root where the server runs as another user: what it writes into the
/// folder must be the server's to read. Only root can try.
#[test]
fn what_root_writes_belongs_to_the_owner_of_the_folder() {
    const SOMEBODY: u32 = 61_234;
    let folder = folder();
    if std::os::unix::fs::chown(folder.path(), Some(SOMEBODY), Some(SOMEBODY)).is_err() {
        return;
    }
    drop(vault(folder.path()));
    for name in [FILES[0], FILES[1], ".lock"] {
        let file = fs::metadata(folder.path().join(name)).expect("a file");
        assert_eq!((file.uid(), file.gid()), (SOMEBODY, SOMEBODY), "{name}");
    }
}
