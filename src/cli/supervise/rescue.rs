//! The terminal of a reviewer that was ended before it could give it back.

use std::fs::File;
use std::io::IsTerminal;
use std::os::fd::{AsFd, OwnedFd};

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::tui;

/// A terminal as it was.
pub(super) struct Terminal {
    device: OwnedFd,
    modes: Termios,
}

impl Terminal {
    /// Nothing where there is no terminal.
    pub(super) fn remember() -> Option<Self> {
        let device: OwnedFd = if std::io::stdin().is_terminal() {
            std::io::stdin().as_fd().try_clone_to_owned().ok()?
        } else {
            File::open("/dev/tty").ok()?.into()
        };
        let modes = tcgetattr(&device).ok()?;
        Some(Self { device, modes })
    }

    /// Puts it back. What is on the screen is only touched where it is not in order.
    pub(super) fn restore(&self) {
        let is_raw =
            tcgetattr(&self.device).is_ok_and(|now| now.local_modes != self.modes.local_modes);
        if is_raw {
            tui::leave_screen();
            // Nothing can be done about an error here.
            let _gone = tcsetattr(&self.device, OptionalActions::Drain, &self.modes);
        }
    }
}
