//! From no database, or an older or newer one, to a server that serves, whatever happens on the way.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::Barrier;

use readmit::app::App;
use readmit::clock::Clock;
use readmit::email::EmailAddress;
use readmit::entropy::Entropy;
use readmit::store::Store;
use serde_json::json;

use crate::support::faults::Faults;
use crate::support::http::Request;
use crate::support::process::{Process, Site};

/// A site whose every path is known to this process, too.
fn site() -> Site {
    let site = Site::in_memory("");
    let at = |name: &str| site.folder().join(name).display().to_string();
    let (database, keys, mail) = (at("readmit.db"), at("keys"), at("mail"));
    site.set("storage.path", database)
        .set("keys.dir", keys)
        .set("smtp.url", format!("file:{mail}"))
}

fn serves(process: &Process) {
    let body = json!({ "email": "jane@example.com" });
    let request = Request::post("/api/sys/users/startPasswordReset").json(&body);
    process.send(&request).envelope(200);
}

/// Starts within this process, up to the listening, and stores a request.
fn starts(site: &Site) -> Result<(), String> {
    let app = App::open(site.config(), Clock::System, Entropy::System)
        .map_err(|error| error.to_string())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let email = EmailAddress::parse("jane@example.com").expect("an address");
    let stored = app
        .resets
        .request(email, None, "127.0.0.1".to_owned(), app.clock.now());
    runtime
        .block_on(stored)
        .map_err(|error| error.to_string())?;
    runtime.block_on(app.store.close());
    Ok(())
}

/// Every statement of the schema, and which migrations are said to be done.
fn schema(site: &Site) -> Vec<String> {
    let sql = site.sql();
    let mut statement = sql
        .prepare(
            "SELECT coalesce(sql, name) FROM sqlite_schema UNION ALL \
             SELECT version || ' ' || name || ' ' || checksum FROM refinery_schema_history",
        )
        .expect("the schema can be read");
    let rows = statement.query_map([], |row| row.get(0)).expect("a query");
    rows.collect::<Result<_, _>>().expect("texts")
}

/// Assertion 75. The first start makes the database, its schema and the keys; whichever write, sync or
/// rename it is killed at, half of a write included, the next start comes to the same end as if
/// nothing had happened, without anybody's help.
#[test]
fn a_first_start_that_is_killed_at_any_step_is_made_good_by_the_next() {
    let whole = site();
    serves(&whole.serve());
    let expected = schema(&whole);

    let mut step = 1;
    let survivor = loop {
        let (site, faults) = (site(), Faults::new());
        let folder = site.folder().display().to_string();
        let command = faults.load_to_die_at(step, site.command(&["serve"]), &folder);
        let survived = Process::try_start(command);
        let trace = faults.trace();
        if survived.is_ok() {
            break survived;
        }
        let last = trace.last().expect("it got as far as a first step");
        assert!(last.ends_with(" KILLED"), "{trace:#?}");

        starts(&site).unwrap_or_else(|why| panic!("after {last} (step {step}): {why}"));
        assert_eq!(schema(&site), expected, "after {last} (step {step})");
        step += 1;
    };
    assert!(step > 40, "the start has more steps than {step}");
    drop(survivor);
}

/// Assertion 75. A database of a newer program may mean anything: it is refused in words, by the
/// server and by commands alike, and is left as it is.
#[test]
fn a_newer_schema_is_refused_in_words_and_left_alone() {
    let site = site();
    starts(&site).expect("a first start");
    site.sql()
        .execute(
            "INSERT INTO refinery_schema_history \
             SELECT 9999, 'later', applied_on, '1' FROM refinery_schema_history LIMIT 1",
            [],
        )
        .expect("a newer schema");
    let before = contents(&site);
    for arguments in [&["serve"][..], &["user", "list"], &["check"]] {
        let output = site.run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {output:?}");
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        let known = Store::latest_schema();
        let why = format!(
            "the database has schema version 9999, but this readmit knows versions up to {known} only"
        );
        assert!(said.contains(&why), "{said}");
        assert!(
            said.contains("run the newer readmit that wrote it"),
            "{said}"
        );
        assert!(contents(&site) == before, "{arguments:?} changed something");
    }
}

/// What is no database is somebody's file: it is refused in words, and not written over.
#[test]
fn a_file_that_is_no_database_is_refused_in_words_and_left_alone() {
    let site = site();
    let text = "Dear diary,\n".repeat(500);
    fs::write(site.database(), &text).expect("a file");
    let output = site.run(&["serve"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    let path = site.database().display().to_string();
    assert!(
        said.contains(&format!(
            "cannot open the database {path}: file is not a database"
        )),
        "{said}"
    );
    assert_eq!(fs::read_to_string(site.database()).expect("a file"), text);
}

/// Two servers that are started together on a new path, by a deployment that replaces one by the other,
/// say. Each makes what is missing, one after the other, and both come up with the same keys.
#[test]
fn processes_that_make_the_same_database_at_the_same_time_all_come_up() {
    for round in 0..6 {
        let site = site();
        let together = Barrier::new(3);
        let processes: Vec<Process> = std::thread::scope(|scope| {
            let starts = [(); 3].map(|()| {
                scope.spawn(|| {
                    together.wait();
                    Process::try_start(site.command(&["serve"]))
                })
            });
            let started = starts.map(|start| start.join().expect("a thread"));
            started
                .into_iter()
                .map(|start| start.unwrap_or_else(|log| panic!("round {round}: {log}")))
                .collect()
        });
        let keys = |process: &Process| process.send(&Request::get("/.well-known/jwks.json")).json();
        for process in &processes {
            serves(process);
            assert_eq!(keys(process), keys(&processes[0]));
        }
        let requests: i64 = site
            .sql()
            .query_row("SELECT count(*) FROM outbox", [], |row| row.get(0))
            .expect("a count");
        assert_eq!(requests, 3);
    }
}

/// The database and what stands beside it, byte for byte, and the modes.
fn contents(site: &Site) -> Vec<(PathBuf, u32, Vec<u8>)> {
    let mut all: Vec<_> = fs::read_dir(site.folder())
        .expect("the folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_file())
        .map(|path| {
            let mode = path.metadata().expect("a file").permissions().mode();
            let bytes = fs::read(&path).expect("a file");
            (path, mode, bytes)
        })
        .collect();
    all.sort();
    all
}
