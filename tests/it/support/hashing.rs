//! A hasher without a free place.

use std::pin::Pin;

use readmit::password::{Busy, Hasher, Password, PasswordHash};

use super::app::{Builder, TestApp};
use super::http::Answer;
use super::wait::wait_until;

type Job = Pin<Box<dyn Future<Output = Result<PasswordHash, Busy>>>>;

/// The fewest places that a deployment can have: one hash that runs and one that waits. A hash takes
/// some milliseconds, so that a second one can be put behind it.
pub(crate) fn two_places(builder: Builder) -> Builder {
    builder
        .set("password.threads", 1)
        .set("password.queue", 1)
        .set("password.argon2_iterations", 64)
}

/// Takes both places of a deployment of [`two_places`] until what it returns is dropped. They stay
/// taken for however long: by two jobs that wait, and that nobody carries on.
#[must_use]
pub(crate) fn occupy(app: &TestApp) -> Vec<Job> {
    let hasher = app.app().sessions.hasher.clone();
    // A job that has not run yet: it keeps its place, and the thread once that is given to it.
    let waiting = wait_until("a job waits behind another", || {
        let mut running = take(&hasher, app)?;
        let waiting = take(&hasher, app)?;
        let still = app.wait(async { futures_util::poll!(&mut running).is_pending() });
        still.then_some(waiting)
    });
    let next = wait_until("the job that ran has ended", || take(&hasher, app));
    vec![waiting, next]
}

/// The answer to `request`, which comes to its hash before `act` and gets it only afterwards. `request`
/// is sent again as long as it finds no place.
pub(crate) fn while_hashing(
    app: &TestApp,
    request: impl Fn() -> Answer + Sync,
    act: impl FnOnce(),
) -> Answer {
    let hasher = app.app().sessions.hasher.clone();
    let mut full = occupy(app);
    drop(full.pop());
    std::thread::scope(|scope| {
        let caller = scope.spawn(|| {
            wait_until("the request finds a place", || {
                let answer = request();
                (answer.status != 503).then_some(answer)
            })
        });
        wait_until("the request waits for its hash", || {
            take(&hasher, app).is_none().then_some(())
        });
        act();
        drop(full);
        caller.join().expect("an answer")
    })
}

/// Starts a hash as far as it goes by itself; none when there is no place.
fn take(hasher: &Hasher, app: &TestApp) -> Option<Job> {
    let password = Password::new("a password that nobody has").expect("a password");
    let hasher = hasher.clone();
    let mut job: Job = Box::pin(async move { hasher.hash(password).await });
    let taken = app.wait(async { futures_util::poll!(&mut job).is_pending() });
    taken.then_some(job)
}
