//! Mach-O: macOS. A universal file holds several binaries, its slices.
//!
//! Source: Apple's `mach-o/loader.h`, `mach-o/fat.h` and `mach-o/nlist.h`.

mod exports;
mod imports;
mod symbols;

use object::macho;

use self::symbols::Tables;
use super::banner::{Hit, printable};
use super::fields::{Fields, until_nul};
use super::image::{Missing, View};
use super::object_file::{Headers, NAME_BYTES, Segment};
use crate::model::Architecture;

const MALFORMED: Missing = Missing::Malformed("the Mach-O headers are cut off");
const MAXIMUM_COMMAND_BYTES: u32 = 1 << 20;
const MAXIMUM_SLICES: u32 = 30;
const MAXIMUM_SEGMENTS: usize = 64;

/// A slice of a universal file: its first byte and its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slice {
    pub at: u64,
    pub len: u64,
}

/// Whether a file that begins so is a universal file. Java's class files begin with the same
/// four bytes; their next field is at least 45, far more slices than there are architectures.
pub(super) fn is_universal(head: &[u8]) -> bool {
    let fields = Fields::new(head, true);
    matches!(fields.u32(0), Some(macho::FAT_MAGIC | macho::FAT_MAGIC_64))
        && matches!(fields.u32(4), Some(1..=MAXIMUM_SLICES))
}

/// Whether a file begins like a universal file that no loader takes, and is no Java class: those
/// have 45 or more in the place of the number of slices.
pub(super) fn is_absurd(head: &[u8], path: &str) -> bool {
    const LEAST_JAVA: u32 = 45;
    let fields = Fields::new(head, true);
    let is_class = fields.u32(0) == Some(macho::FAT_MAGIC)
        && fields.u32(4).is_some_and(|count| count >= LEAST_JAVA);
    let path = path.to_ascii_lowercase();
    !is_universal(head) && (!is_class || path.ends_with(".so") || path.ends_with(".dylib"))
}

/// The slices of a universal file, `len` bytes long, from its first bytes.
pub(super) fn slices(head: &[u8], len: u64) -> Result<Vec<Slice>, Missing> {
    let fields = Fields::new(head, true);
    let wide = fields.u32(0) == Some(macho::FAT_MAGIC_64);
    let count = fields.u32(4).ok_or(MALFORMED)?.min(MAXIMUM_SLICES);
    let entry_len = if wide { 32 } else { 20 };
    let mut slices = Vec::new();
    let mut entry = 8_usize;
    for _ in 0..count {
        let (offset_at, len_at) = if wide { (8, 16) } else { (8, 12) };
        let at = fields
            .word(entry.saturating_add(offset_at), wide)
            .ok_or(MALFORMED)?;
        let slice_len = fields
            .word(entry.saturating_add(len_at), wide)
            .ok_or(MALFORMED)?;
        if at.checked_add(slice_len).is_none_or(|end| end > len) {
            return Err(Missing::Malformed(
                "a slice lies outside of the universal file",
            ));
        }
        slices.push(Slice { at, len: slice_len });
        entry = entry.saturating_add(entry_len);
    }
    Ok(slices)
}

/// Reads the headers of a Mach-O file or of one slice.
pub(super) fn read(view: View<'_>, headers: &mut Headers) -> Result<(), Missing> {
    let magic = Fields::little(view.bytes(0, 4)?).u32(0).ok_or(MALFORMED)?;
    let (wide, big_endian) = match magic {
        macho::MH_MAGIC => (false, false),
        macho::MH_MAGIC_64 => (true, false),
        macho::MH_CIGAM => (false, true),
        macho::MH_CIGAM_64 => (true, true),
        _ => return Err(Missing::Malformed("a slice is not a Mach-O file")),
    };
    let header = Fields::new(view.up_to(0, 32)?, big_endian);
    let cpu = header.u32(4).ok_or(MALFORMED)?;
    headers.arch = Some(match macho::CpuType(cpu) {
        macho::CPU_TYPE_X86_64 => Architecture::X86_64,
        macho::CPU_TYPE_ARM64 => Architecture::Aarch64,
        macho::CPU_TYPE_X86 => Architecture::I686,
        macho::CPU_TYPE_ARM => Architecture::Armv7l,
        _ => Architecture::Other,
    });
    let count = header.u32(16).ok_or(MALFORMED)?;
    let commands_len = header.u32(20).ok_or(MALFORMED)?;
    if commands_len > MAXIMUM_COMMAND_BYTES {
        return Err(Missing::Malformed("the Mach-O load commands are absurd"));
    }
    let commands_at = if wide { 32 } else { 28 };
    let commands = view.bytes(commands_at, u64::from(commands_len))?;
    let mut file = File {
        view,
        wide,
        big_endian,
        segments: Vec::new(),
    };
    let tables = file.commands(commands, commands_at, count, headers)?;
    file.read_tables(&tables, headers)
}

struct File<'a> {
    view: View<'a>,
    wide: bool,
    big_endian: bool,
    segments: Vec<Segment>,
}

impl<'a> File<'a> {
    fn fields(&self, bytes: &'a [u8]) -> Fields<'a> {
        Fields::new(bytes, self.big_endian)
    }

    fn commands(
        &mut self,
        commands: &'a [u8],
        commands_at: u64,
        count: u32,
        headers: &mut Headers,
    ) -> Result<Tables, Missing> {
        let fields = self.fields(commands);
        let mut tables = Tables::default();
        let mut at = 0_usize;
        for _ in 0..count {
            let kind = fields.u32(at).ok_or(MALFORMED)?;
            let len = fields.u32(at.saturating_add(4)).ok_or(MALFORMED)?;
            let len = usize::try_from(len).map_err(|_| MALFORMED)?;
            if len < 8 {
                return Err(Missing::Malformed("a Mach-O load command is too short"));
            }
            let command = self.fields(fields.slice(at, len).ok_or(MALFORMED)?);
            let place = self
                .view
                .base()
                .saturating_add(commands_at)
                .saturating_add(at as u64);
            match macho::LoadCommandType(kind) {
                macho::LC_ID_DYLIB => headers.name = library(command, len, place),
                macho::LC_LOAD_DYLIB
                | macho::LC_LOAD_WEAK_DYLIB
                | macho::LC_REEXPORT_DYLIB
                | macho::LC_LAZY_LOAD_DYLIB
                | macho::LC_LOAD_UPWARD_DYLIB => {
                    if let Some(needed) = library(command, len, place) {
                        headers.import(needed)?;
                    }
                }
                macho::LC_SEGMENT | macho::LC_SEGMENT_64
                    if self.segments.len() < MAXIMUM_SEGMENTS =>
                {
                    let segment = segment(command, kind == macho::LC_SEGMENT_64.0);
                    self.segments.push(segment.ok_or(MALFORMED)?);
                }
                kind => tables.note(kind, command).ok_or(MALFORMED)?,
            }
            at = at.saturating_add(len);
        }
        Ok(tables)
    }
}

fn segment(command: Fields<'_>, wide: bool) -> Option<Segment> {
    let (offset_at, len_at) = if wide { (40, 48) } else { (32, 36) };
    Some(Segment {
        address: command.word(24, wide)?,
        offset: command.word(offset_at, wide)?,
        len: command.word(len_at, wide)?,
    })
}

fn library(command: Fields<'_>, len: usize, place: u64) -> Option<Hit> {
    let name_at = usize::try_from(command.u32(8)?).ok()?;
    let name = command.slice(name_at, len.checked_sub(name_at)?)?;
    let name = name
        .get(..usize::try_from(NAME_BYTES).ok()?)
        .unwrap_or(name);
    Some(Hit {
        text: printable(until_nul(name)),
        offset: place.saturating_add(name_at as u64),
    })
}
