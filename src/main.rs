//! The `rewheel` command.

use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let code = match runtime {
        Ok(runtime) => {
            let code = runtime.block_on(rewheel::cli::run(std::env::args_os()));
            // Threads that still scan a wheel are not waited for, nor may they find the runtime
            // gone: nobody would take in what comes of it.
            std::process::exit(code.into())
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
