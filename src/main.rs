//! The `rewheel` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let code = match runtime {
        Ok(runtime) => runtime.block_on(rewheel::cli::run(std::env::args_os())),
        Err(_) => 3,
    };
    ExitCode::from(code)
}
