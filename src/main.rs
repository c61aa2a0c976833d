//! The program: parses the command line, runs it, and maps the result to an exit status.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    match readmit::cli::run(readmit::cli::Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "the one place that reports a failure")]
            {
                eprintln!("readmit: {error}");
            }
            ExitCode::from(readmit::cli::exit_status(&error))
        }
    }
}
