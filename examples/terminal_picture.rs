//! Draws what a terminal shows as two pictures, for dark and for light pages.
//!
//! ```console
//! $ script -qec 'stty cols 100; rewheel openssl --offline 2>/dev/null' /dev/null |
//!       cargo run --example terminal_picture -- '$ rewheel openssl --offline' docs/terminal 40
//! ```
//!
//! Standard input is what the command wrote, escapes and all; the arguments are what was typed, the
//! beginning of the pictures' names, and how many lines the window has: like a terminal it shows the
//! last of them.
#![allow(missing_docs)]

use std::io::Read;

use anstyle::{Color, RgbColor};
use anstyle_svg::Term;

/// The width of one column in the pictures, as the crate draws it.
const COLUMN_PX: usize = 9;

const fn color(rgb: u32) -> Color {
    let [_, red, green, blue] = rgb.to_be_bytes();
    Color::Rgb(RgbColor(red, green, blue))
}

/// The end of a page: its name, its letters' and its ground's colour.
const PAGES: [(&str, u32, u32); 2] = [
    ("dark", 0x00e6_edf3, 0x000d_1117),
    ("light", 0x001f_2328, 0x00ff_ffff),
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [typed, name, rows] = arguments.as_slice() else {
        return Err(
            "what was typed, the pictures' name, and the number of lines are wanted".into(),
        );
    };
    let rows: usize = rows.parse()?;
    let mut shown = String::new();
    std::io::stdin().read_to_string(&mut shown)?;
    let screen = format!("{typed}\n{}", shown.replace('\r', ""));
    let lines: Vec<&str> = screen.lines().collect();
    let window = lines
        .get(lines.len().saturating_sub(rows)..)
        .unwrap_or_default()
        .join("\n");
    let widest = window.lines().map(console::measure_text_width).max();
    for (page, letters, ground) in PAGES {
        let term = Term::new()
            .fg_color(color(letters))
            .bg_color(color(ground))
            .min_width_px(widest.unwrap_or_default().saturating_mul(COLUMN_PX));
        std::fs::write(format!("{name}-{page}.svg"), term.render_svg(&window))?;
    }
    Ok(())
}
