//! Tables for terminals and pipes.

use comfy_table::{Attribute, Cell, Color, ColumnConstraint, ContentArrangement, Table, presets};

use crate::policy::Status;

use super::Appearance;
use super::printable::printable;

/// A table that fits the terminal, or, in a pipe, has one line per row.
pub fn table(header: &[&str], appearance: Appearance) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(header.iter().map(|name| {
        if appearance.colours {
            Cell::new(name).add_attribute(Attribute::Bold)
        } else {
            Cell::new(name)
        }
    }));
    match appearance.width {
        Some(width) => {
            table.set_content_arrangement(ContentArrangement::Dynamic);
            table.set_width(width);
        }
        None => {
            table.set_content_arrangement(ContentArrangement::Disabled);
        }
    }
    if appearance.colours {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    table
}

/// Keeps these columns as wide as their content, however narrow the terminal: an identifier or a
/// day that is broken in two can be neither read nor copied.
pub fn keep_whole(table: &mut Table, columns: &[usize]) {
    for at in columns {
        if let Some(column) = table.column_mut(*at) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
}

/// A cell with text, made printable; what is empty shows as `-`.
pub fn cell(text: &str) -> Cell {
    Cell::new(if text.is_empty() {
        "-".into()
    } else {
        printable(text)
    })
}

/// A cell in the colour of a status.
pub fn status_cell(text: &str, status: Status, appearance: Appearance) -> Cell {
    if appearance.colours {
        cell(text).fg(colour(status))
    } else {
        cell(text)
    }
}

fn colour(status: Status) -> Color {
    match status {
        Status::Withdrawn | Status::Vulnerable => Color::Red,
        Status::Exposed | Status::EndOfLife => Color::Magenta,
        Status::Unknown | Status::Outdated => Color::Yellow,
        Status::Current => Color::Green,
        Status::External | Status::None => Color::DarkGrey,
    }
}

/// The table as text, without blanks at the ends of its lines.
pub fn render(table: &Table) -> String {
    let mut text = String::new();
    for line in table.lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
