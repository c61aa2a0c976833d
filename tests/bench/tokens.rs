//! Refreshes, introspections and userinfo.

use std::sync::Arc;
use std::time::Duration;

use readmit::entropy::Entropy;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::load::{self, Connection, MakeRequest, post};
use crate::sign_in::sign_in_request;
use crate::stats::{rate, spread};
use crate::support::process::Site;

const CONNECTIONS: usize = 64;
const ROUNDS: usize = 3;
const SPAN: Duration = Duration::from_secs(3);

pub(crate) fn run() {
    let secret = Entropy::System.token::<32>();
    let hash = Sha256::digest(secret.as_bytes());
    let hash = data_encoding::HEXLOWER.encode(&hash);
    let site = Site::new("smtp://127.0.0.1:9")
        .set("introspection.resource_servers", format!("bench:{hash}"))
        .set("storage.queue", 4096);
    site.add_jane("nine otters in the old mill");
    let process = site.serve();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");

    let mut rates: Vec<f64> = (0..ROUNDS)
        .map(|_| runtime.block_on(refreshes(process.address)))
        .collect();
    println!(
        "refreshes at {CONNECTIONS} connections:      {}",
        spread(&mut rates, "/s")
    );

    let signed_in = runtime.block_on(async {
        let mut connection = Connection::open(process.address).await;
        answer(&mut connection, &sign_in_request()).await
    });
    let access = signed_in["access_token"]
        .as_str()
        .expect("a token")
        .to_owned();
    let basic = data_encoding::BASE64.encode(format!("bench:{secret}").as_bytes());
    let body = format!("token={access}");
    let introspect: MakeRequest = Arc::new(move |_| {
        let request = post(
            "/api/token/introspect",
            "application/x-www-form-urlencoded",
            &body,
        );
        with_header(&request, &format!("authorization: Basic {basic}"))
    });
    let userinfo: MakeRequest = Arc::new(move |_| {
        format!(
            "GET /api/userinfo HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {access}\r\n\r\n"
        )
        .into_bytes()
    });
    for (name, make) in [("introspections", introspect), ("userinfo", userinfo)] {
        let mut rates: Vec<f64> = (0..ROUNDS)
            .map(|_| {
                let outcome = load::run(process.address, CONNECTIONS, SPAN, &make);
                assert_eq!(outcome.refused, 0, "{name} are answered");
                outcome.per_second
            })
            .collect();
        println!(
            "{name} at {CONNECTIONS} connections: {}",
            spread(&mut rates, "/s")
        );
    }
}

/// Every connection signs in once, and then refreshes with whatever it got last.
async fn refreshes(address: std::net::SocketAddr) -> f64 {
    let mut signed_in = Vec::new();
    for _ in 0..CONNECTIONS {
        let mut connection = Connection::open(address).await;
        let session = answer(&mut connection, &sign_in_request()).await;
        signed_in.push((connection, session));
    }
    let start = crate::now();
    let tasks: Vec<_> = signed_in
        .into_iter()
        .map(|(mut connection, mut session)| {
            tokio::spawn(async move {
                let mut count = 0;
                while start.elapsed() < SPAN {
                    let token = session["refresh_token"].as_str().expect("a token");
                    let form = format!("grant_type=refresh_token&refresh_token={token}");
                    let request = post("/api/token", "application/x-www-form-urlencoded", &form);
                    session = answer(&mut connection, &request).await;
                    count += 1;
                }
                count
            })
        })
        .collect();
    let mut count = 0;
    for task in tasks {
        count += task.await.expect("a connection works");
    }
    rate(count, start.elapsed())
}

async fn answer(connection: &mut Connection, request: &[u8]) -> Value {
    assert_eq!(connection.ask(request).await, 200);
    serde_json::from_slice(connection.body()).expect("an answer in JSON")
}

fn with_header(request: &[u8], header: &str) -> Vec<u8> {
    let text = String::from_utf8_lossy(request);
    text.replacen("\r\n", &format!("\r\n{header}\r\n"), 1)
        .into_bytes()
}
