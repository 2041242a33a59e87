//! A real terminal: what is written to it can be read, and keys can be typed.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

/// A terminal, and what was written to it so far.
pub(crate) struct Terminal {
    end: Option<File>,
    keyboard: File,
    seen: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

impl Terminal {
    pub(crate) fn open() -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let path = std::ffi::OsStr::from_bytes(name.as_bytes());
        // It must not become the terminal of the tests themselves.
        let end = {
            use std::os::unix::fs::OpenOptionsExt;
            let mut options = OpenOptions::new();
            options.read(true).write(true);
            options.custom_flags(OpenptFlags::NOCTTY.bits().cast_signed());
            options.open(path).unwrap()
        };
        let size = rustix::termios::Winsize {
            ws_row: 30,
            ws_col: 100,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        rustix::termios::tcsetwinsize(&end, size).unwrap();
        let mut master = File::from(master);
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
            end: Some(end),
            keyboard,
            seen,
            reader: Some(reader),
        }
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
        // What asks for a passphrase throws away what was typed before it asked.
        std::thread::sleep(Duration::from_millis(100));
        (&self.keyboard).write_all(text.as_bytes()).unwrap();
    }

    /// All that was written, once nobody can write any more.
    pub(crate) fn close(mut self) -> String {
        drop(self.end.take());
        self.reader.take().unwrap().join().unwrap();
        self.text()
    }
}
