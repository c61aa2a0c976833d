//! Clients that somebody else wrote.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::support::app::PASSWORD;
use crate::support::process::Site;

/// The packages that `tests/clients/python.py` imports.
const PACKAGES: [&str; 3] = ["pyjwt[crypto]", "requests-oauthlib", "authlib"];

fn said(output: &Output) -> String {
    let streams = [&output.stdout, &output.stderr];
    streams
        .map(|text| String::from_utf8_lossy(text).into_owned())
        .concat()
}

/// Python with the libraries, or why there is none. The environment is made once and kept with what
/// else the build makes.
fn python() -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("python-clients");
    let (program, ready) = (folder.join("bin/python"), folder.join("ready"));
    if ready.exists() && program.exists() {
        return Ok(program);
    }
    let run = |command: &mut Command| match command.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(said(&output)),
        Err(error) => Err(error.to_string()),
    };
    run(Command::new("python3")
        .args(["-m", "venv", "--clear"])
        .arg(&folder))?;
    let pip = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--timeout=10",
        "--retries=1",
    ];
    run(Command::new(&program).args(pip).args(PACKAGES))?;
    std::fs::write(&ready, "").map_err(|error| error.to_string())?;
    Ok(program)
}

/// Contract, section 8: stock libraries sign a member in, verify the access token, refresh, ask who
/// it is and sign out, with nothing but the address of the metadata. Where Python or its packages
/// cannot be had there is nothing to be shown; that is said.
#[test]
fn python_libraries_sign_in_verify_refresh_and_revoke() {
    let python = match python() {
        Ok(python) => python,
        Err(why) => {
            use std::io::Write as _;
            // Straight to the stream: what a passing test prints is not shown.
            let line = format!("SKIPPED, no Python libraries to try sign-in with: {why}\n");
            std::io::stderr()
                .write_all(line.as_bytes())
                .expect("standard error");
            return;
        }
    };
    // Its addresses have to lead to it, so that its port must be known before it listens.
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.local_addr().expect("an address").port()
    };
    let address = format!("http://127.0.0.1:{port}");
    let site = Site::new("smtp://127.0.0.1:1")
        .set("http.listen", format!("127.0.0.1:{port}"))
        .set("http.public_url", &address);
    site.add_jane(PASSWORD);
    let server = site.serve();
    let output = Command::new(python)
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/clients/python.py"
        ))
        .args([address.as_str(), "jane@example.com", PASSWORD])
        .env_remove("HTTP_PROXY")
        .env_remove("http_proxy")
        .env("NO_PROXY", "127.0.0.1")
        // oauthlib insists on https otherwise; this stays on the machine.
        .env("OAUTHLIB_INSECURE_TRANSPORT", "1")
        .output()
        .expect("Python runs");
    assert!(output.status.success(), "{}{}", said(&output), server.log());
}
