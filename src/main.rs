//! The `rewheel` command.

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

/// How long the process waits for work that goes on in threads, such as the scan of a wheel, once
/// it is over: nobody would take in what comes of it.
const LEAVING: Duration = Duration::from_millis(250);

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let code = match runtime {
        Ok(runtime) => {
            let code = runtime.block_on(rewheel::cli::run(std::env::args_os()));
            runtime.shutdown_timeout(LEAVING);
            code
        }
        Err(error) => {
            let sentence = format!("error: no threads can be started: {error}");
            // Nothing is left to tell it to when standard error cannot be written.
            let _ = writeln!(std::io::stderr(), "{sentence}");
            3
        }
    };
    ExitCode::from(code)
}
