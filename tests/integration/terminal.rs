//! A real terminal: what is written to it can be read, and keys can be typed.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use pty_process::Size;
use pty_process::blocking::Pts;

/// A terminal, and what was written to it so far.
pub(crate) struct Terminal {
    /// What a program gets that it belongs to.
    owned: Option<Pts>,
    end: Option<File>,
    keyboard: File,
    seen: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

impl Terminal {
    pub(crate) fn open() -> Self {
        let (pty, owned) = pty_process::blocking::open().unwrap();
        pty.resize(Size::new(30, 100)).unwrap();
        let end = File::from(owned.as_fd().try_clone_to_owned().unwrap());
        let mut master = File::from(OwnedFd::from(pty));
        let keyboard = master.try_clone().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&seen);
        let reader = std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            // It ends with an error when the other end is closed.
            while let Ok(count @ 1..) = master.read(&mut bytes) {
                kept.lock().unwrap().extend_from_slice(&bytes[..count]);
            }
        });
        Self {
            owned: Some(owned),
            end: Some(end),
            keyboard,
            seen,
            reader: Some(reader),
        }
    }

    /// Starts a program as in a shell at this terminal: it reads, writes and belongs to it.
    pub(crate) fn start(&mut self, command: Command) -> Child {
        let command = pty_process::blocking::Command::from(command);
        command.spawn(self.owned.take().unwrap()).unwrap()
    }

    /// Starts a program at this terminal with a pipe to read from.
    pub(crate) fn start_on_a_pipe(&mut self, command: Command) -> Child {
        let command = pty_process::blocking::Command::from(command).stdin(Stdio::piped());
        let command = command.stderr(Stdio::piped());
        command.spawn(self.owned.take().unwrap()).unwrap()
    }

    /// The end for a program.
    pub(crate) fn end(&self) -> File {
        self.end.as_ref().unwrap().try_clone().unwrap()
    }

    /// Whether what is typed is handed on line by line, as in a shell.
    pub(crate) fn is_in_order(&self) -> bool {
        let modes = rustix::termios::tcgetattr(self.end.as_ref().unwrap()).unwrap();
        let usual = rustix::termios::LocalModes::ICANON | rustix::termios::LocalModes::ECHO;
        modes.local_modes.contains(usual)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.seen.lock().unwrap()).into_owned()
    }

    /// Where a text ends behind a place in what was written, or where to look for it next time.
    pub(crate) fn find(&self, from: usize, text: &str) -> Result<usize, usize> {
        let seen = self.seen.lock().unwrap();
        let (more, wanted) = (&seen[from.min(seen.len())..], text.as_bytes());
        match more.windows(wanted.len()).position(|part| part == wanted) {
            Some(at) => Ok(from + at + wanted.len()),
            None => Err(from.max((seen.len() + 1).saturating_sub(wanted.len()))),
        }
    }

    pub(crate) fn wait_for(&self, text: &str) {
        self.wait_for_more(0, text);
    }

    /// Waits for a text behind what was there at some time, and tells where that ends now.
    #[track_caller]
    pub(crate) fn wait_for_more(&self, from: usize, text: &str) -> usize {
        let started = Instant::now();
        loop {
            let seen = self.text();
            if seen.get(from..).is_some_and(|more| more.contains(text)) {
                return seen.len();
            }
            assert!(
                started.elapsed() < Duration::from_secs(40),
                "{text:?} was not shown: {seen:?}"
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Types a text.
    pub(crate) fn keys(&self, text: &str) {
        // What asks for a passphrase throws away what was typed before it asked, and the approve screen what was typed at once.
        std::thread::sleep(Duration::from_millis(500));
        (&self.keyboard).write_all(text.as_bytes()).unwrap();
    }

    /// All that was written, once nobody can write any more.
    pub(crate) fn close(mut self) -> String {
        drop((self.end.take(), self.owned.take()));
        self.reader.take().unwrap().join().unwrap();
        self.text()
    }
}
