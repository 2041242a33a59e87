//! Opens the zip and takes out what is read, refusing every shape that Go's zip writer, which both programs use, never makes.

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};

use zip::{CompressionMethod, ZipArchive};

use super::state::StateReader;
use super::{ArchiveError, PLAN};

/// The entry that holds the state.
const STATE: &str = "tfstate";
/// Most entries: a module tree has a few thousand files at most.
const MAX_ENTRIES: usize = 20_000;
/// Most bytes of configuration that are kept.
const MAX_CONFIGURATION: u64 = 256 * 1024 * 1024;
/// Most bytes of one entry.
const MAX_ENTRY: u64 = 1024 * 1024 * 1024;
/// Most bytes of `tfplan`.
const MAX_PLAN: u64 = 512 * 1024 * 1024;
/// Below this size no ratio is suspicious.
const SMALL: u64 = 16 * 1024 * 1024;
/// Forty thousand copies of one object packed to a 72nd of their size.
const MAX_RATIO: u64 = 500;
/// Length of the record that ends a zip without a comment.
const END_RECORD: usize = 22;
/// Length of the record that stands before it in a 64-bit zip.
const ZIP64_LOCATOR: usize = 20;

/// What was inside.
pub(super) struct Content {
    pub(super) plan: Vec<u8>,
    pub(super) state: Vec<u8>,
    /// Everything below `tfconfig/`, by the rest of the name.
    pub(super) configuration: BTreeMap<String, Vec<u8>>,
    pub(super) lock_file: Option<Vec<u8>>,
    pub(super) has_state: bool,
    pub(super) has_previous_state: bool,
    /// Lineage of the state.
    pub(super) lineage: Option<String>,
    /// Serial of the state.
    pub(super) serial: Option<u64>,
}

pub(super) fn read(bytes: &[u8]) -> Result<Content, ArchiveError> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_zip| ArchiveError::Damaged)?;
    if archive.index_for_name(PLAN).is_none() {
        return Err(ArchiveError::NotAPlan);
    }
    check_frame(bytes, &archive)?;
    if archive.has_duplicate_names() {
        return Err(ArchiveError::Duplicate);
    }
    if archive.len() > MAX_ENTRIES {
        return Err(ArchiveError::TooManyEntries { limit: MAX_ENTRIES });
    }
    match archive.has_overlapping_entries() {
        Ok(false) => {}
        Ok(true) => return Err(ArchiveError::Overlap),
        Err(_zip) => return Err(ArchiveError::Inconsistent),
    }
    archive
        .validate_header_consistency()
        .map_err(|_zip| ArchiveError::Inconsistent)?;
    let mut content = Content {
        plan: Vec::new(),
        state: Vec::new(),
        configuration: BTreeMap::new(),
        lock_file: None,
        has_state: false,
        has_previous_state: false,
        lineage: None,
        serial: None,
    };
    let mut kept = 0;
    for index in 0..archive.len() {
        let (name, size) = checked(&archive, index)?;
        // A configuration's limit is one for all of its files.
        let limit = match name.as_str() {
            PLAN => MAX_PLAN,
            STATE | "tfstate-prev" => MAX_ENTRY,
            _ => MAX_CONFIGURATION - kept,
        };
        if size > limit {
            return Err(ArchiveError::TooLarge { limit });
        }
        let mut entry = || {
            let mut bytes = Vec::new();
            unpack(&mut archive, index, size, "tfplan or tfconfig", &mut bytes).map(|()| bytes)
        };
        match name.as_str() {
            PLAN => content.plan = entry()?,
            STATE => {
                unpack(&mut archive, index, size, STATE, &mut content.state)?;
                let mut state = StateReader::default();
                state.read(&content.state);
                (content.lineage, content.serial) = state.finish();
                content.has_state = true;
            }
            // Unpacked to see that the whole of it is there, and dropped piece by piece.
            "tfstate-prev" => {
                unpack(&mut archive, index, size, STATE, &mut std::io::sink())?;
                content.has_previous_state = true;
            }
            ".terraform.lock.hcl" => content.lock_file = Some(entry()?),
            other => {
                if let Some(rest) = other.strip_prefix("tfconfig/") {
                    kept += size;
                    content.configuration.insert(rest.to_owned(), entry()?);
                }
            }
        }
    }
    Ok(content)
}

/// The archive must fill the file: with bytes around it, or a comment, two readers can find two directories.
fn check_frame(bytes: &[u8], archive: &ZipArchive<Cursor<&[u8]>>) -> Result<(), ArchiveError> {
    let end = bytes.len().saturating_sub(END_RECORD);
    let record = bytes.get(end..).unwrap_or_default();
    let framed = record.starts_with(b"PK\x05\x06")
        && record.ends_with(b"\0\0")
        && bytes.starts_with(b"PK\x03\x04")
        && archive.offset() == 0
        && archive.comment().is_empty();
    if !framed {
        return Err(ArchiveError::Surrounded);
    }
    let locator = bytes.get(end.saturating_sub(ZIP64_LOCATOR)..end);
    if locator.is_some_and(|locator| locator.starts_with(b"PK\x06\x07"))
        || archive.raw_zip64_extensible_data_sector().is_some()
    {
        return Err(ArchiveError::Zip64);
    }
    Ok(())
}

/// Name and size of an entry that is a plain file.
fn checked(
    archive: &ZipArchive<Cursor<&[u8]>>,
    index: usize,
) -> Result<(String, u64), ArchiveError> {
    let entry = archive
        .by_index_data(index)
        .map_err(|_zip| ArchiveError::Inconsistent)?;
    let name = std::str::from_utf8(entry.name_raw()).map_err(|_utf8| ArchiveError::Name)?;
    let plain = !name.is_empty()
        && !name.contains(['\\', ':'])
        && !name.chars().any(char::is_control)
        && name
            .trim_end_matches('/')
            .split('/')
            .all(|part| !matches!(part, "" | "." | ".."));
    if !plain {
        return Err(ArchiveError::Name);
    }
    if entry.is_symlink() {
        return Err(ArchiveError::Link);
    }
    if entry.encrypted() {
        return Err(ArchiveError::Encrypted);
    }
    if !matches!(
        entry.compression(),
        CompressionMethod::Stored | CompressionMethod::Deflated
    ) {
        return Err(ArchiveError::Method);
    }
    let (size, packed) = (entry.size(), entry.compressed_size());
    if size > SMALL && size / MAX_RATIO > packed {
        return Err(ArchiveError::Ratio { limit: MAX_RATIO });
    }
    Ok((name.to_owned(), size))
}

/// Unpacks an entry piece by piece. Exactly as many bytes as the directory says must come out.
fn unpack(
    archive: &mut ZipArchive<Cursor<&[u8]>>,
    index: usize,
    size: u64,
    what: &'static str,
    into: &mut dyn Write,
) -> Result<(), ArchiveError> {
    let damaged = ArchiveError::Entry { entry: what };
    let entry = archive.by_index(index).map_err(|_zip| damaged)?;
    match std::io::copy(&mut entry.take(size.saturating_add(1)), into) {
        Ok(read) if read == size => Ok(()),
        Ok(_) | Err(_) => Err(damaged),
    }
}
