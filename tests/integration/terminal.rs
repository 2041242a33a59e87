//! A terminal of the tests' own.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

/// A terminal, and what was written to it so far.
pub(crate) struct Terminal {
    end: Option<File>,
    master: File,
    seen: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

impl Terminal {
    /// A new one, of 120 by 36.
    pub(crate) fn open() -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let path = std::ffi::OsStr::from_bytes(name.as_bytes());
        let end = OpenOptions::new()
            .read(true)
            .write(true)
            .open(path)
            .unwrap();
        let size = Winsize {
            ws_row: 36,
            ws_col: 120,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&end, size).unwrap();
        let master = File::from(master);
        let mut written = master.try_clone().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&seen);
        let reader = std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            // It ends with an error when the other end is closed.
            while let Ok(count @ 1..) = written.read(&mut bytes) {
                kept.lock().unwrap().extend_from_slice(&bytes[..count]);
            }
        });
        Self {
            end: Some(end),
            master,
            seen,
            reader: Some(reader),
        }
    }

    /// The end that programs have.
    pub(crate) fn end(&self) -> File {
        self.end.as_ref().unwrap().try_clone().unwrap()
    }

    /// Types.
    pub(crate) fn type_in(&self, keys: &str) {
        (&self.master).write_all(keys.as_bytes()).unwrap();
    }

    /// Whether what is typed is handed on line by line, as in a shell.
    pub(crate) fn is_in_order(&self) -> bool {
        let modes = tcgetattr(self.end.as_ref().unwrap()).unwrap();
        modes
            .local_modes
            .contains(LocalModes::ICANON | LocalModes::ECHO)
    }

    /// What was written until now.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.seen.lock().unwrap()).into_owned()
    }

    /// Waits until this was written.
    pub(crate) fn wait_for(&self, text: &str) {
        let started = Instant::now();
        while !self.text().contains(text) {
            assert!(
                started.elapsed() < Duration::from_secs(40),
                "{text:?} was not shown: {:?}",
                self.text()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// All that was written, once nobody can write any more.
    pub(crate) fn close(mut self) -> String {
        drop(self.end.take());
        self.reader.take().unwrap().join().unwrap();
        self.text()
    }
}
