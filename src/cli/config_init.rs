//! `rewheel config init`: writes a configuration to begin with, from options or from answers on a
//! terminal.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::config;
use crate::report::printable::printable;

use super::arguments::ConfigInit;
use super::output;

mod ask;
mod text;

use text::Wanted;

/// Where it is written when nothing else is said.
const FILE: &str = "rewheel.toml";

/// The name that stands for standard output.
const STDOUT: &str = "-";

/// Runs the command.
///
/// # Errors
/// Nobody can be asked and the package is not named; the file is there already or cannot be
/// written.
pub fn run(command: &ConfigInit) -> anyhow::Result<u8> {
    let (wanted, file) = match &command.package {
        Some(package) => (
            Wanted {
                package: package.clone(),
                repository: command.repository.clone(),
                workflow: command.workflow.clone(),
                follow: command.follow.clone(),
            },
            command.output.clone().unwrap_or_else(|| FILE.into()),
        ),
        None if io::stdin().is_terminal() && io::stderr().is_terminal() => {
            if let Some(file) = &command.output {
                refuse_existing(file, command.force)?;
            }
            ask::wanted(command, &mut io::stdin().lock(), &mut io::stderr().lock())?
        }
        None => bail!(
            "there is no terminal to ask on: name the package with --package NAME, and with \
             --repository OWNER/NAME where its tracking issue is to be (see rewheel config init \
             --help)"
        ),
    };
    let text = text::text(&wanted);
    // What is written can be read: whatever was answered, and whatever becomes of the text here.
    config::parse(&text).context("what would be written is no valid configuration")?;
    if file == Path::new(STDOUT) {
        output::result(&text)?;
        return Ok(0);
    }
    write(&file, &text, command.force)?;
    let name = file.display().to_string();
    let name = printable(&name);
    output::result(&format!(
        "{name} is written. Look before it acts:\n  rewheel config check {name} --online\n  \
         rewheel check-now --config {name} --dry-run\n"
    ))?;
    Ok(0)
}

fn refuse_existing(file: &Path, force: bool) -> anyhow::Result<()> {
    // A link to nothing is something too.
    if !force && file != Path::new(STDOUT) && file.symlink_metadata().is_ok() {
        bail!(
            "{} is there already: overwrite it with --force, or name another file with --output",
            file.display()
        );
    }
    Ok(())
}

/// Writes the file as a whole or not at all. One that is there is only replaced by force.
fn write(file: &Path, text: &str, force: bool) -> anyhow::Result<()> {
    refuse_existing(file, force)?;
    let cannot = || format!("{} cannot be written", file.display());
    // By force what a link leads to is replaced, and not the link.
    let target = match file.canonicalize() {
        Ok(real) if !real.is_file() => bail!("{}: it is not a regular file", cannot()),
        Ok(real) => real,
        Err(_) => file.to_owned(),
    };
    let mut new = beside(&target).with_context(cannot)?;
    let written = new.write_all(text.as_bytes());
    written
        .and_then(|()| new.as_file().sync_all())
        .with_context(cannot)?;
    let persisted = if force {
        new.persist(&target)
    } else {
        new.persist_noclobber(&target)
    };
    match persisted {
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
            refuse_existing(file, force)
        }
        other => other
            .map(drop)
            .map_err(|error| error.error)
            .with_context(cannot),
    }
}

/// A new file in the same folder, which is gone again unless it gets its name.
fn beside(target: &Path) -> io::Result<tempfile::NamedTempFile> {
    let folder = match target.parent() {
        Some(folder) if folder != Path::new("") => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".rewheel-").suffix(".toml");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // It holds no secret; the umask takes away what the user gives nobody.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}
