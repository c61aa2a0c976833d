//! Signals that ask for a stop in order, and a relay that does not let go.

use super::{add_people, address, ask, rows, site};
use crate::support::smtp::{Action, SmtpServer, Stage};

/// Assertion 89: SIGTERM while the relay says nothing: the server ends with status 0 in its time,
/// though the relay never answers, and no row claims to be on its way. After the next start the mail
/// leaves at once, not when a lease is over.
#[test]
fn sigterm_while_the_relay_hangs_gives_the_message_back() {
    let relay = SmtpServer::start();
    let site = site(&relay)
        .set("http.shutdown_timeout", "200ms")
        .set("smtp.timeout", "60s")
        .set("outbox.lease", "120s");
    add_people(&site, 3);
    relay.always(Stage::Data, Action::Stall);
    let mut server = site.serve();
    for person in 0..3 {
        assert!(ask(server.address, &address(person)));
    }
    relay.wait_for(Stage::Data, 3);
    server.signal("TERM");
    // A second one changes nothing.
    server.signal("INT");
    let status = server.wait();
    assert_eq!(status.code(), Some(0), "{}", server.log());
    for (state, attempts, _) in rows(&site) {
        assert_eq!((state.as_str(), attempts), ("queued", 1));
    }
    relay.clear(Stage::Data);
    let server = site.serve();
    for _ in 0..3 {
        relay.next_mail();
    }
    assert!(ask(server.address, &address(0)));
    relay.next_mail();
    assert_eq!(relay.mails().len(), 4, "one for each request");
}
