//! The directory of a zip archive: where its members are.
//!
//! Nothing here reads; it is given bytes and says what they mean.
//!
//! Source: PKWARE's APPNOTE 6.3.10, sections 4.3.6 to 4.5.3.

use super::fields::Fields;
use super::member_name;

const END_RECORD: u32 = 0x0605_4b50;
const END_RECORD_LEN: usize = 22;
const ZIP64_LOCATOR: u32 = 0x0706_4b50;
const ZIP64_LOCATOR_LEN: usize = 20;
const ZIP64_END_RECORD: u32 = 0x0606_4b50;
const ZIP64_END_RECORD_LEN: u64 = 56;
const DIRECTORY_HEADER: u32 = 0x0201_4b50;
const DIRECTORY_HEADER_LEN: usize = 46;
const LOCAL_HEADER: u32 = 0x0403_4b50;
/// Before a data descriptor, where its writer follows custom (APPNOTE 4.3.9.3).
pub(super) const DESCRIPTOR: u32 = 0x0807_4b50;
/// The bytes of a local header before its name, `PK\x03\x04` and what follows.
pub(super) const LOCAL_HEADER_LEN: usize = 30;

/// Where the directory stands, in bytes from the start of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DirectoryPlace {
    /// Its first byte.
    pub at: u64,
    /// Its length.
    pub len: u64,
    /// How many entries it says it has.
    pub entries: u64,
    /// What stands before the archive; every offset in it counts from there.
    pub shift: u64,
    /// Whether another reader could find another directory.
    pub is_ambiguous: bool,
}

/// One entry of the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// The member's path, made printable.
    pub name: String,
    /// The compression method (APPNOTE 4.4.5).
    pub method: u16,
    /// Whether the member is encrypted.
    pub encrypted: bool,
    /// The CRC-32 of the inflated bytes.
    pub crc: u32,
    /// The length in the archive.
    pub packed: u64,
    /// The length unpacked.
    pub size: u64,
    /// Where the local header stands in the file.
    pub at: u64,
}

/// What a local header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LocalHeader {
    /// General purpose flags (APPNOTE 4.4.4).
    pub flags: u16,
    /// The compression method.
    pub method: u16,
    /// The CRC-32 of the inflated bytes; 0 if a data descriptor follows.
    pub crc: u32,
    /// The length in the archive.
    pub packed: u64,
    /// The length unpacked.
    pub size: u64,
    /// The length of the name that follows.
    pub name_len: u16,
    /// The length of the extra fields that follow the name.
    pub extra_len: u16,
}

impl LocalHeader {
    /// Whether sizes and CRC-32 follow the data instead of standing here.
    pub(super) const fn has_descriptor(&self) -> bool {
        self.flags & 8 != 0
    }

    pub(super) const fn is_encrypted(&self) -> bool {
        self.flags & ENCRYPTED != 0
    }
}

/// The flags of members that are encrypted, the old way or the strong one (APPNOTE 4.4.4).
const ENCRYPTED: u16 = 1 | 1 << 6;

/// How many bytes before a tail of [`super::TAIL_BYTES`] the end records may begin: the archive's
/// comment may be as long as that tail.
pub(super) const END_RECORDS_BYTES: u64 = 1024;

/// Whether the end records may begin before `tail`: none in it ends the file, or what belongs
/// before it is cut off.
pub(super) fn begins_before(tail: &[u8]) -> bool {
    let before = ZIP64_LOCATOR_LEN.saturating_add(ZIP64_END_RECORD_LEN as usize);
    let last = find_end_record(tail);
    last.is_none_or(|last| !last.ends_the_file || last.at < before)
}

/// Finds the directory from the last bytes of a file, `tail`, which begin at `tail_at`; else
/// says why there is none.
pub(super) fn find_directory(tail: &[u8], tail_at: u64) -> Result<DirectoryPlace, &'static str> {
    let end = find_end_record(tail)
        .ok_or("the end record of a zip archive is missing")?
        .at;
    let fields = Fields::little(tail);
    let field16 = |at: usize| fields.u16(end.saturating_add(at)).map(u64::from);
    let field32 = |at: usize| fields.u32(end.saturating_add(at)).map(u64::from);
    let cut = "the end record is cut off";
    let mut entries = field16(10).ok_or(cut)?;
    let mut len = field32(12).ok_or(cut)?;
    let mut offset = field32(16).ok_or(cut)?;
    let mut directory_end = tail_at.saturating_add(end as u64);

    let mut is_ambiguous = has_rival(tail, end);
    let needs_zip64 = entries == 0xffff || len == 0xffff_ffff || offset == 0xffff_ffff;
    let zip64 = zip64_record(tail, tail_at, end);
    if let Some(record) = &zip64 {
        let wide = Fields::little(record.bytes);
        entries = wide.u64(32).ok_or(cut)?;
        len = wide.u64(40).ok_or(cut)?;
        offset = wide.u64(48).ok_or(cut)?;
        directory_end = record.at;
    } else if needs_zip64 && offset == 0xffff_ffff {
        return Err("the zip64 end record is missing");
    }
    let at = directory_end
        .checked_sub(len)
        .ok_or("the directory is longer than the file")?;
    let shift = at
        .checked_sub(offset)
        .ok_or("the directory is not where the end record says")?;
    // Some readers take the record that the locator names, some the one before the locator.
    if let Some(record) = zip64 {
        let own_len = Fields::little(record.bytes).u64(4).unwrap_or_default();
        let behind = record.at.saturating_add(12).saturating_add(own_len);
        is_ambiguous |= behind != record.locator
            || (record.named != record.at && record.named.saturating_add(shift) != record.at);
    }
    Ok(DirectoryPlace {
        at,
        len,
        entries,
        shift,
        is_ambiguous,
    })
}

struct EndRecord {
    at: usize,
    ends_the_file: bool,
}

/// The last end record whose comment ends with the file; else the last whose comment fits.
fn find_end_record(tail: &[u8]) -> Option<EndRecord> {
    let mut fitting = None;
    for at in memchr::memmem::rfind_iter(tail, &END_RECORD.to_le_bytes()) {
        let Some(end) = end_of_comment(tail, at) else {
            continue;
        };
        if end == tail.len() {
            return Some(EndRecord {
                at,
                ends_the_file: true,
            });
        }
        if end < tail.len() && fitting.is_none() {
            fitting = Some(EndRecord {
                at,
                ends_the_file: false,
            });
        }
    }
    fitting
}

/// Where the comment of the end record at `at` ends.
fn end_of_comment(tail: &[u8], at: usize) -> Option<usize> {
    let comment = Fields::little(tail).u16(at.saturating_add(20))?;
    Some(
        at.saturating_add(END_RECORD_LEN)
            .saturating_add(usize::from(comment)),
    )
}

/// Whether another reader could take another end record than the one at `chosen`: the last one,
/// whatever its comment, or an earlier one in whose comment all the rest stands.
fn has_rival(tail: &[u8], chosen: usize) -> bool {
    memchr::memmem::find_iter(tail, &END_RECORD.to_le_bytes())
        .filter(|at| *at != chosen)
        .any(|at| end_of_comment(tail, at).is_some_and(|end| at > chosen || end == tail.len()))
}

struct Zip64Record<'a> {
    bytes: &'a [u8],
    at: u64,
    named: u64,
    locator: u64,
}

fn zip64_record(tail: &[u8], tail_at: u64, end: usize) -> Option<Zip64Record<'_>> {
    let fields = Fields::little(tail);
    let locator = end.checked_sub(ZIP64_LOCATOR_LEN)?;
    if fields.u32(locator)? != ZIP64_LOCATOR {
        return None;
    }
    // Bytes before the archive shift the record: the place named counts, else the one right
    // before the locator.
    let named = fields.u64(locator.checked_add(8)?)?;
    let before = tail_at
        .checked_add(locator as u64)?
        .checked_sub(ZIP64_END_RECORD_LEN)?;
    [named, before].into_iter().find_map(|at| {
        let inside = usize::try_from(at.checked_sub(tail_at)?).ok()?;
        (fields.u32(inside)? == ZIP64_END_RECORD).then_some(())?;
        let bytes = fields.slice(inside, usize::try_from(ZIP64_END_RECORD_LEN).ok()?)?;
        Some(Zip64Record {
            bytes,
            at,
            named,
            locator: tail_at.checked_add(locator as u64)?,
        })
    })
}

/// What came of reading a directory.
#[derive(Debug, Default)]
pub(super) struct Directory {
    /// The entries, in the directory's order.
    pub entries: Vec<Entry>,
    /// Where it begins in the file: no member reaches beyond.
    pub at: u64,
    /// What is wrong with it, if anything.
    pub damage: Option<&'static str>,
    /// Whether entries were left out because there are more than allowed.
    pub cut: bool,
}

/// Reads the entries of a directory, at most `limit`.
pub(super) fn read_directory(bytes: &[u8], place: DirectoryPlace, limit: u64) -> Directory {
    let mut directory = Directory {
        at: place.at,
        ..Directory::default()
    };
    let mut at = 0_usize;
    while at < bytes.len() {
        if directory.entries.len() as u64 >= limit {
            directory.cut = true;
            return directory;
        }
        let Some((entry, len)) = bytes.get(at..).and_then(|rest| entry(rest, place.shift)) else {
            directory.damage = Some("an entry of the directory is damaged");
            return directory;
        };
        directory.entries.push(entry);
        at = at.saturating_add(len);
    }
    if directory.entries.len() as u64 != place.entries
        && directory.entries.len() as u64 & 0xffff != place.entries
    {
        directory.damage = Some("the directory does not have as many entries as it says");
    }
    if directory.damage.is_none() && place.is_ambiguous {
        directory.damage =
            Some("there is more than one end record, and readers differ in which one counts");
    }
    directory
}

fn entry(bytes: &[u8], shift: u64) -> Option<(Entry, usize)> {
    let fields = Fields::little(bytes);
    if fields.u32(0)? != DIRECTORY_HEADER {
        return None;
    }
    let name_len = usize::from(fields.u16(28)?);
    let extra_len = usize::from(fields.u16(30)?);
    let comment_len = usize::from(fields.u16(32)?);
    let name = fields.slice(DIRECTORY_HEADER_LEN, name_len)?;
    let extra_at = DIRECTORY_HEADER_LEN.checked_add(name_len)?;
    let extra = fields.slice(extra_at, extra_len)?;
    let len = extra_at.checked_add(extra_len)?.checked_add(comment_len)?;
    fields.slice(0, len)?;

    let mut size = u64::from(fields.u32(24)?);
    let mut packed = u64::from(fields.u32(20)?);
    let mut at = u64::from(fields.u32(42)?);
    widen(extra, &mut [&mut size, &mut packed, &mut at])?;
    let entry = Entry {
        name: member_name::decode(name, fields.u16(8)?),
        method: fields.u16(10)?,
        encrypted: fields.u16(8)? & ENCRYPTED != 0,
        crc: fields.u32(16)?,
        packed,
        size,
        at: at.checked_add(shift)?,
    };
    Some((entry, len))
}

/// Replaces the values that stand in the zip64 extra field (APPNOTE 4.5.3): those that are
/// all ones, in this order.
fn widen(extra: &[u8], values: &mut [&mut u64]) -> Option<()> {
    if !values.iter().any(|value| **value == 0xffff_ffff) {
        return Some(());
    }
    let fields = Fields::little(extra);
    let mut at = 0_usize;
    while let (Some(id), Some(len)) = (fields.u16(at), fields.u16(at.saturating_add(2))) {
        let body = at.checked_add(4)?;
        if id == 1 {
            let wide = Fields::little(fields.slice(body, usize::from(len))?);
            let mut place = 0_usize;
            for value in values.iter_mut().filter(|value| ***value == 0xffff_ffff) {
                **value = wide.u64(place)?;
                place = place.checked_add(8)?;
            }
            return Some(());
        }
        at = body.checked_add(usize::from(len))?;
    }
    Some(())
}

/// Whether bytes begin with what stands behind the members: the directory, an end record, or
/// the extra data of an encrypted directory (APPNOTE 4.3.11).
pub(super) fn is_end_of_members(bytes: &[u8]) -> bool {
    const EXTRA_DATA: u32 = 0x0806_4b50;
    let signatures = [DIRECTORY_HEADER, END_RECORD, ZIP64_END_RECORD, EXTRA_DATA];
    Fields::little(bytes)
        .u32(0)
        .is_some_and(|signature| signatures.contains(&signature))
}

/// Whether bytes begin with what may follow a member.
pub(super) fn is_signature(bytes: &[u8]) -> bool {
    Fields::little(bytes).u32(0) == Some(LOCAL_HEADER) || is_end_of_members(bytes)
}

/// Reads the fixed part of a local header.
pub(super) fn local_header(bytes: &[u8]) -> Option<LocalHeader> {
    let fields = Fields::little(bytes);
    if fields.u32(0)? != LOCAL_HEADER {
        return None;
    }
    Some(LocalHeader {
        flags: fields.u16(6)?,
        method: fields.u16(8)?,
        crc: fields.u32(14)?,
        packed: u64::from(fields.u32(18)?),
        size: u64::from(fields.u32(22)?),
        name_len: fields.u16(26)?,
        extra_len: fields.u16(28)?,
    })
}

/// In what a local header, whose name and extra fields follow it, contradicts its entry in the
/// directory: some readers go by the one, some by the other.
pub(super) fn contradiction(
    entry: &Entry,
    local: &LocalHeader,
    name: &[u8],
    extra: &[u8],
) -> Option<&'static str> {
    let mut local = *local;
    let has_sizes = widen_local(&mut local, extra).is_some();
    let sizes = (local.crc, local.packed, local.size);
    if local.method != entry.method {
        Some("method")
    } else if local.is_encrypted() != entry.encrypted {
        Some("encryption")
    } else if !member_name::spells(name, local.flags, &entry.name) {
        Some("name")
    } else if !local.has_descriptor()
        && (!has_sizes || sizes != (entry.crc, entry.packed, entry.size))
    {
        Some("lengths or CRC-32")
    } else {
        None
    }
}

/// Takes the zip64 sizes of a local header out of its extra fields.
pub(super) fn widen_local(header: &mut LocalHeader, extra: &[u8]) -> Option<()> {
    widen(extra, &mut [&mut header.size, &mut header.packed])
}
