//! The program: reads the outside once, runs the command line on a thread with a large stack, ends with its status.

use std::process::ExitCode;

use countersign::cli::{World, run};

/// Deep policies and plans must not end the process.
const STACK_BYTES: usize = 512 << 20;

fn main() -> ExitCode {
    let arguments = std::env::args_os().collect();
    let world = World {
        env: std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect(),
        directory: std::env::current_dir().unwrap_or_else(|_| ".".into()),
        now: jiff::Timestamp::now(),
        threads: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        program: std::env::current_exe().ok(),
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
