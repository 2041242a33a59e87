//! The terminal: entered, left, suspended and restored in one place.
//!
//! Invariants: whatever way the review ends (return, error, panic on this thread, signal), the terminal is as it was. A panic
//! of another thread does not touch the screen: the command line layer turns it into a message.

use std::io::{self, IsTerminal as _, Stdout, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::event::{
    self, DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture,
    Event,
};
use ratatui::crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode,
};
use ratatui::crossterm::{cursor, execute, queue, style};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGTSTP};
use signal_hook::iterator::Signals;

use super::model::Model;
use super::view::view;

/// How long the review may take to end after a signal before the signal's default action ends it.
const PATIENCE: Duration = Duration::from_secs(2);

type Hook = Arc<dyn Fn(&std::panic::PanicHookInfo<'_>) + Send + Sync>;

/// The terminal while a review is on it.
pub(super) struct Session {
    terminal: Option<Terminal<CrosstermBackend<Stdout>>>,
    hook: Hook,
    mouse: bool,
}

impl Session {
    /// Whether standard output is a terminal at all.
    pub(super) fn is_possible() -> bool {
        io::stdout().is_terminal()
    }

    /// Takes the terminal over.
    pub(super) fn enter(mouse: bool) -> io::Result<Self> {
        // The theme decides about colours; crossterm's own reading of NO_COLOR would also lose bold and reverse.
        style::force_color_output(true);
        let hook: Hook = Arc::from(std::panic::take_hook());
        let owner = std::thread::current().id();
        let inner = Arc::clone(&hook);
        std::panic::set_hook(Box::new(move |panic| {
            if std::thread::current().id() == owner {
                restore();
                inner(panic);
            }
        }));
        let mut session = Self {
            terminal: None,
            hook,
            mouse,
        };
        session.resume()?;
        Ok(session)
    }

    /// Takes the terminal over again, with a new back end: what is on the screen is not known any more.
    pub(super) fn resume(&mut self) -> io::Result<()> {
        if self.terminal.is_some() {
            return Ok(());
        }
        enable_raw_mode()?;
        execute!(
            io::stdout(),
            EnterAlternateScreen,
            EnableBracketedPaste,
            cursor::Hide
        )?;
        if self.mouse {
            execute!(io::stdout(), EnableMouseCapture)?;
        }
        self.terminal = Some(Terminal::new(CrosstermBackend::new(io::stdout()))?);
        Ok(())
    }

    /// Gives the terminal back.
    pub(super) fn leave(&mut self) {
        if self.terminal.take().is_some() {
            restore();
        }
    }

    /// Draws one frame; the terminal shows it in one piece.
    pub(super) fn draw(&mut self, model: &Model) -> io::Result<()> {
        let Some(terminal) = &mut self.terminal else {
            return Ok(());
        };
        queue!(io::stdout(), BeginSynchronizedUpdate)?;
        terminal.draw(|frame| view(model, frame))?;
        execute!(io::stdout(), EndSynchronizedUpdate)
    }

    /// Makes the next frame draw every cell.
    pub(super) fn repaint(&mut self) -> io::Result<()> {
        self.leave();
        self.resume()
    }

    /// Columns and rows.
    pub(super) fn size() -> (u16, u16) {
        ratatui::crossterm::terminal::size().unwrap_or((80, 24))
    }

    /// The next event, waiting at most so long.
    pub(super) fn event(wait: Duration) -> io::Result<Option<Event>> {
        if event::poll(wait)? {
            event::read().map(Some)
        } else {
            Ok(None)
        }
    }

    /// Throws away what was typed and not read.
    pub(super) fn flush() -> io::Result<()> {
        while event::poll(Duration::ZERO)? {
            event::read()?;
        }
        Ok(())
    }

    /// Puts a text on the clipboard, through the terminal.
    pub(super) fn copy(text: &str, tmux: bool) -> io::Result<()> {
        execute!(
            io::stdout(),
            ratatui::crossterm::clipboard::CopyToClipboard::to_clipboard_from(text)
        )?;
        if tmux {
            // tmux keeps the sequence above to itself unless it is told otherwise; this one it hands on.
            let mut sequence = String::new();
            ratatui::crossterm::Command::write_ansi(
                &ratatui::crossterm::clipboard::CopyToClipboard::to_clipboard_from(text),
                &mut sequence,
            )
            .map_err(io::Error::other)?;
            io::stdout().write_all(through_tmux(&sequence).as_bytes())?;
            io::stdout().flush()?;
        }
        Ok(())
    }

    /// Gives the terminal back, stops the program, and goes on when the shell continues it.
    pub(super) fn suspend(&mut self) -> io::Result<()> {
        self.leave();
        signal_hook::low_level::emulate_default_handler(SIGTSTP)?;
        self.resume()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.leave();
        if !std::thread::panicking() {
            let hook = Arc::clone(&self.hook);
            std::panic::set_hook(Box::new(move |panic| hook(panic)));
        }
    }
}

/// A sequence as tmux hands it on to the terminal that it runs in.
fn through_tmux(sequence: &str) -> String {
    format!(
        "\u{1b}Ptmux;{}\u{1b}\\",
        sequence.replace('\u{1b}', "\u{1b}\u{1b}")
    )
}

/// Undoes everything, as far as the terminal is still there; nothing can be done about an error here.
fn restore() {
    leave_screen();
    let _gone = disable_raw_mode();
}

/// Shows the screen that was there before the reviewer, for a process that ended without doing so; its modes are another matter.
pub fn leave_screen() {
    let mut out = io::stdout();
    let _gone = execute!(
        out,
        EndSynchronizedUpdate,
        DisableMouseCapture,
        DisableBracketedPaste,
        LeaveAlternateScreen,
        cursor::Show
    );
    let _gone = out.flush();
}

/// Signals that arrived.
pub(super) struct Watch {
    end: Arc<AtomicBool>,
    stop: Arc<AtomicBool>,
    over: Arc<AtomicBool>,
    handle: signal_hook::iterator::Handle,
}

impl Watch {
    /// Begins to watch; a thread of its own makes sure that a signal ends the program even when a read of a terminal that
    /// is gone never returns.
    pub(super) fn begin() -> io::Result<Self> {
        let flag = || Arc::new(AtomicBool::new(false));
        let (end, stop, over) = (flag(), flag(), flag());
        let mut signals = Signals::new([SIGTERM, SIGHUP, SIGINT, SIGTSTP])?;
        let handle = signals.handle();
        let (to_end, to_stop, is_over) = (Arc::clone(&end), Arc::clone(&stop), Arc::clone(&over));
        std::thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || {
                for signal in signals.forever() {
                    if signal == SIGTSTP {
                        to_stop.store(true, Ordering::SeqCst);
                        continue;
                    }
                    to_end.store(true, Ordering::SeqCst);
                    std::thread::sleep(PATIENCE);
                    if !is_over.load(Ordering::SeqCst) {
                        restore();
                        let _still_here = signal_hook::low_level::emulate_default_handler(signal);
                    }
                }
            })?;
        Ok(Self {
            end,
            stop,
            over,
            handle,
        })
    }

    /// Whether the review is to end.
    pub(super) fn must_end(&self) -> bool {
        self.end.load(Ordering::SeqCst)
    }

    /// Whether the program is to stop; asks once per signal.
    pub(super) fn must_stop(&self) -> bool {
        self.stop.swap(false, Ordering::SeqCst)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        self.handle.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_through_tmux_has_its_escapes_doubled() {
        assert_eq!(
            through_tmux("\u{1b}]52;c;YQ==\u{1b}\\"),
            "\u{1b}Ptmux;\u{1b}\u{1b}]52;c;YQ==\u{1b}\u{1b}\\\u{1b}\\"
        );
    }
}
