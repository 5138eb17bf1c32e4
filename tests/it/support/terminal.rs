//! A terminal: the command runs on one of its own, and what it shows is read.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// What a command showed on its terminal, and its exit code.
#[derive(Debug)]
pub struct Shown {
    pub code: i32,
    /// Everything that came, line ends as a terminal wants them; what was typed is in it.
    pub screen: String,
    /// What came on standard output, where that was no terminal.
    pub stdout: String,
}

/// Which streams of a command are the terminal.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Streams {
    All,
    /// Standard output is a pipe.
    ButOutput,
    /// Standard input is empty.
    ButInput,
}

/// Runs a command on a terminal of so many columns, and types the text.
pub fn run(mut command: Command, columns: u16, streams: Streams, typed: &str) -> Shown {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let size = Winsize {
        ws_row: 50,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(&master, size).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
    let slave = || -> OwnedFd {
        let file = File::options().read(true).write(true).open(&name).unwrap();
        file.into()
    };
    command.stderr(slave());
    command.stdin(if streams == Streams::ButInput {
        Stdio::null()
    } else {
        slave().into()
    });
    command.stdout(if streams == Streams::ButOutput {
        Stdio::piped()
    } else {
        slave().into()
    });
    let mut master = File::from(master);
    // It waits in the terminal until somebody reads it.
    master.write_all(typed.as_bytes()).unwrap();
    let mut child = command.spawn().unwrap();
    let stdout = child.stdout.take();
    // Only the command holds its side now: when it ends, reading does.
    drop(command);
    let output = std::thread::spawn(move || {
        let mut text = String::new();
        stdout.map(|mut stdout| stdout.read_to_string(&mut text));
        text
    });
    let mut screen = Vec::new();
    let mut part = [0; 4096];
    // The end is an error: nobody is on the other side.
    while let Ok(count) = master.read(&mut part) {
        if count == 0 {
            break;
        }
        screen.extend(&part[..count]);
    }
    Shown {
        code: child.wait().unwrap().code().unwrap(),
        screen: String::from_utf8(screen).unwrap(),
        stdout: output.join().unwrap(),
    }
}
