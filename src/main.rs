//! The program: reads the outside once, runs the command line on a thread with a large stack, ends with its status.

use std::process::ExitCode;

use countersign::cli::{World, run, state_directory, tell_only_places};

/// Deep policies and plans must not end the process.
const STACK_BYTES: usize = 512 << 20;

/// The engine's errors capture a backtrace each when `RUST_BACKTRACE` is set, as CI often does; that makes evaluation several times
/// slower and deep recursion endless.
#[cfg(unix)]
fn without_error_backtraces() {
    use std::os::unix::process::CommandExt;
    let wanted = std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value != "0");
    if !wanted || std::env::var_os("RUST_LIB_BACKTRACE").is_some() {
        return;
    }
    if let Ok(program) = std::env::current_exe() {
        // It only returns when it failed; then everything works, slowly.
        drop(
            std::process::Command::new(program)
                .args(std::env::args_os().skip(1))
                .env("RUST_LIB_BACKTRACE", "0")
                .exec(),
        );
    }
}

fn main() -> ExitCode {
    tell_only_places();
    let arguments: Vec<std::ffi::OsString> = std::env::args_os().collect();
    #[cfg(unix)]
    {
        if let Some(status) = countersign::cli::supervise(&arguments) {
            return ExitCode::from(status);
        }
        without_error_backtraces();
        countersign::cli::watch(&arguments);
        countersign::cli::keep_standard_error();
    }
    let world = World {
        env: std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect(),
        directory: std::env::current_dir().unwrap_or_else(|_| ".".into()),
        now: jiff::Timestamp::now(),
        threads: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        program: std::env::current_exe().ok(),
        state: state_directory(),
    };
    let worker = std::thread::Builder::new()
        .name("main".to_owned())
        .stack_size(STACK_BYTES)
        .spawn(move || run(arguments, &world));
    match worker.map(std::thread::JoinHandle::join) {
        Ok(Ok(exit)) => ExitCode::from(exit.code()),
        // A panic or no thread: nothing was decided, so nothing passes.
        Ok(Err(_)) | Err(_) => ExitCode::from(countersign::review::Exit::Policy.code()),
    }
}
