//! A hash is replaced by whoever signs in, while others may do the same, or change the password.

use std::pin::Pin;

use readmit::password::{Busy, Hasher, Password, PasswordHash};

use super::{BCRYPT, CURRENT, JANE, assert_refused, assert_signs_in, import_jane, stored};
use crate::support::app::{NEW_PASSWORD, PASSWORD, TestApp, email};
use crate::support::parallel::all_at_once;
use crate::support::wait::wait_until;

type Job = Pin<Box<dyn Future<Output = Result<PasswordHash, Busy>>>>;

fn started(app: &TestApp, hasher: &Hasher) -> Option<Job> {
    let password = Password::new("a password that nobody has").expect("a password");
    let hasher = hasher.clone();
    let mut job: Job = Box::pin(async move { hasher.hash(password).await });
    let taken = app.wait(async { futures_util::poll!(&mut job).is_pending() });
    taken.then_some(job)
}

/// Signs Jane in, and does something between the moment at which her stored hash has been read and the
/// moment at which it is verified. The status of the answer.
fn meanwhile(act: impl FnOnce(&TestApp)) -> (TestApp, u16) {
    // One thread, and three places: for a job that runs or holds the thread, and two that wait.
    let app = TestApp::builder()
        .set("password.threads", 1)
        .set("password.queue", 2)
        .set("password.argon2_iterations", 64)
        .start();
    import_jane(&app, BCRYPT);
    let hasher = app.app().sessions.hasher.clone();
    // A job that waits is given the thread when the one before it ends, and keeps it unless it is
    // carried on.
    let holds = wait_until("a job waits behind another", || {
        let mut running = started(&app, &hasher)?;
        let waiting = started(&app, &hasher)?;
        let still = app.wait(async { futures_util::poll!(&mut running).is_pending() });
        still.then_some(waiting)
    });
    wait_until("the job that ran has ended", || {
        (hasher.pending() == 1).then_some(())
    });
    let status = std::thread::scope(|scope| {
        let signing_in = scope.spawn(|| app.sign_in(JANE, NEW_PASSWORD).status);
        wait_until("the sign-in waits for the thread", || {
            (hasher.pending() == 2).then_some(())
        });
        act(&app);
        drop(holds);
        signing_in.join().expect("an answer")
    });
    (app, status)
}

/// Whoever knew the old password must not be able to bring it back: a password that was changed while
/// the old hash was verified stays changed, and the sign-in with the old one is refused.
#[test]
fn a_password_that_was_changed_meanwhile_is_not_overwritten() {
    let changed = std::cell::OnceCell::new();
    let (app, status) = meanwhile(|app| {
        let password = Password::new(PASSWORD).expect("a password");
        app.wait(app.admin().set_password(email(JANE), password, app.now()))
            .expect("the password is set");
        changed.set(stored(app)).expect("once");
    });
    assert_eq!(status, 400);
    assert_eq!(Some(&stored(&app)), changed.get());
    assert_refused(&app, NEW_PASSWORD);
    assert_signs_in(&app, PASSWORD);
}

/// A hash that another process replaced meanwhile stays, too, although nothing else of the account has
/// changed: what is replaced is the hash that was verified.
#[test]
fn a_hash_that_was_replaced_meanwhile_is_not_overwritten() {
    let other = "$2a$04$DtF9UxB/66WiTccmdN0UbOgFgARGn4bMgEhLLfFkw36n3B8hWOPZC";
    let (app, status) = meanwhile(|app| {
        app.sql()
            .execute("UPDATE accounts SET password_hash = ?1", [other])
            .expect("another hash");
    });
    assert_eq!(status, 200);
    assert_eq!(stored(&app), other);
}

/// Many at once, as when a portal opens several pages: all of them come in, and one hash is left.
#[test]
fn all_that_sign_in_at_once_come_in_and_one_hash_is_left() {
    let app = TestApp::start();
    import_jane(&app, BCRYPT);
    let statuses = all_at_once(&[(); 16], |()| app.sign_in(JANE, NEW_PASSWORD).status);
    assert_eq!(statuses, [200; 16]);
    assert!(stored(&app).starts_with(CURRENT));
    assert_signs_in(&app, NEW_PASSWORD);
}
