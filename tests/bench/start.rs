//! The size of the program, and the time from the start of the process to its first answer.

use crate::stats::spread;
use crate::support::http::Request;
use crate::support::process::Site;

/// What the program should stay below on a disk.
const AIM_MIB: f64 = 20.0;

pub(crate) fn run() {
    let program = std::fs::metadata(env!("CARGO_BIN_EXE_readmit")).expect("the program");
    let mebibytes = f64::from(u32::try_from(program.len()).expect("less than 4 GiB")) / 1_048_576.0;
    let verdict = if mebibytes < AIM_MIB {
        "reached"
    } else {
        "not reached"
    };
    println!(
        "the program:                           {mebibytes:.1} MiB (below {AIM_MIB}: {verdict})"
    );
    let (mut first, mut later) = (Vec::new(), Vec::new());
    for _ in 0..10 {
        let site = Site::new("smtp://127.0.0.1:9");
        for times in [&mut first, &mut later] {
            let (process, took) = crate::timed(|| {
                let process = site.serve();
                assert_eq!(process.send(&Request::get("/healthz")).status, 200);
                process
            });
            process.kill();
            times.push(took.as_secs_f64() * 1000.0);
        }
    }
    println!(
        "first start, making database and keys: {}",
        spread(&mut first, "ms")
    );
    println!(
        "later start:                           {}",
        spread(&mut later, "ms")
    );
}
