//! From bytes to text: gzip, encodings, and the names of what is no text.

use std::io::Read;

use flate2::bufread::GzDecoder;

use super::{MAX_PLAN_BYTES, is_binary_plan};
use crate::plan::{BinaryPlan, GzipProblem, PlanError};

/// Up to this size an unpacked plan may be as repetitive as it likes.
const GZIP_FREE: u64 = 64 * 1024 * 1024;
/// Above it, how many times larger than its file it may be. A plan of forty thousand copies of one object came to 72.
const GZIP_RATIO: u64 = 250;

/// What other ways of packing begin with.
const PACKED: [(&[u8], &str); 6] = [
    (b"\x28\xb5\x2f\xfd", "Zstandard"),
    (b"\xfd7zXZ\0", "xz"),
    (b"BZh", "bzip2"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
    (b"\x04\x22\x4d\x18", "LZ4"),
    (b"Rar!\x1a\x07", "RAR"),
];

/// Decodes bytes into text: UTF-8 with or without a byte order mark, or UTF-16 with one; packed with gzip or not.
///
/// # Errors
/// When the bytes are empty, packed in another way, or no text.
pub(in crate::plan) fn decode(bytes: Vec<u8>) -> Result<String, PlanError> {
    if bytes.len() as u64 > MAX_PLAN_BYTES {
        return Err(PlanError::TooLarge {
            limit: MAX_PLAN_BYTES,
        });
    }
    if !bytes.starts_with(b"\x1f\x8b") {
        return text(bytes);
    }
    let inner = gunzip(&bytes)?;
    drop(bytes);
    if inner.starts_with(b"\x1f\x8b") {
        return Err(PlanError::Gzip {
            problem: GzipProblem::Nested,
        });
    }
    if is_binary_plan(&inner) {
        return Err(PlanError::Gzip {
            problem: GzipProblem::Binary,
        });
    }
    text(inner)
}

fn text(bytes: Vec<u8>) -> Result<String, PlanError> {
    let encoding = |name: &'static str| Err(PlanError::Encoding { name });
    if is_binary_plan(&bytes) {
        BinaryPlan::read(&bytes)?;
        return Err(PlanError::Binary);
    }
    if let Some((_, kind)) = PACKED.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return Err(PlanError::Packed { kind });
    }
    // Its name stands at this place in the first header of every tar archive.
    if bytes.get(257..262) == Some(b"ustar") {
        return Err(PlanError::Packed { kind: "tar" });
    }
    match bytes.as_slice() {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => return encoding("UTF-32"),
        [0xff, 0xfe, rest @ ..] => return utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => return utf16(rest, u16::from_be_bytes),
        [a, 0, 0, 0, ..] | [0, 0, 0, a, ..] if a.is_ascii() && *a != 0 => {
            return encoding("UTF-32");
        }
        [a, 0, ..] | [0, a, ..] if a.is_ascii() && *a != 0 => {
            return encoding("UTF-16 without a byte order mark");
        }
        _ => {}
    }
    let mut text = String::from_utf8(bytes).map_err(|error| PlanError::NotUtf8 {
        offset: error.utf8_error().valid_up_to(),
    })?;
    if text.starts_with('\u{feff}') {
        text.remove(0);
    }
    if text.trim().is_empty() {
        return Err(PlanError::Empty);
    }
    Ok(text)
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, PlanError> {
    let units = bytes.chunks_exact(2).map(|pair| match pair {
        [a, b] => unit([*a, *b]),
        _ => 0xFFFD,
    });
    let mut text = String::with_capacity(bytes.len() / 2);
    for (index, decoded) in char::decode_utf16(units).enumerate() {
        let Ok(c) = decoded else {
            return Err(PlanError::NotUtf8 {
                offset: 2 + index * 2,
            });
        };
        text.push(c);
    }
    if bytes.len() % 2 == 1 {
        return Err(PlanError::NotUtf8 {
            offset: bytes.len() + 1,
        });
    }
    if text.trim().is_empty() {
        return Err(PlanError::Empty);
    }
    Ok(text)
}

/// Unpacks every member of a gzip file, up to the size of the largest plan and to a ratio that no plan reaches.
fn gunzip(bytes: &[u8]) -> Result<Vec<u8>, PlanError> {
    let fail = |problem| PlanError::Gzip { problem };
    let limit = (bytes.len() as u64)
        .saturating_mul(GZIP_RATIO)
        .clamp(GZIP_FREE, MAX_PLAN_BYTES);
    let mut out = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        if !rest.starts_with(b"\x1f\x8b") {
            return Err(fail(GzipProblem::Trailing));
        }
        let mut member = GzDecoder::new(rest);
        let room = limit - out.len() as u64;
        member
            .by_ref()
            .take(room + 1)
            .read_to_end(&mut out)
            .map_err(|error| match error.kind() {
                std::io::ErrorKind::UnexpectedEof => fail(GzipProblem::Truncated),
                _ => fail(GzipProblem::Damaged),
            })?;
        if out.len() as u64 > limit {
            return Err(if limit == MAX_PLAN_BYTES {
                PlanError::TooLarge { limit }
            } else {
                fail(GzipProblem::Ratio)
            });
        }
        rest = member.into_inner();
    }
    Ok(out)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    const PLAN: &str = r#"{"format_version":"1.2","resource_changes":[]}"#;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn problem(bytes: Vec<u8>) -> GzipProblem {
        match decode(bytes) {
            Err(PlanError::Gzip { problem }) => problem,
            other => unreachable!("{other:?}"),
        }
    }

    #[test]
    fn gzip_of_one_and_of_several_members_is_read() {
        assert_eq!(decode(gzip(PLAN.as_bytes())).unwrap(), PLAN);
        let (first, second) = PLAN.as_bytes().split_at(10);
        let members = [gzip(first), gzip(b""), gzip(second)].concat();
        assert_eq!(decode(members).unwrap(), PLAN);
        let marked = format!("\u{feff}{PLAN}");
        assert_eq!(decode(gzip(marked.as_bytes())).unwrap(), PLAN);
        assert_eq!(decode(gzip(b"")).unwrap_err(), PlanError::Empty);
        // As repetitive as a large plan can be, and below the size at which that matters.
        let plain = " ".repeat(32 * 1024 * 1024) + PLAN;
        assert_eq!(decode(gzip(plain.as_bytes())).unwrap(), plain);
    }

    #[test]
    fn gzip_that_is_broken_or_hostile_is_named() {
        let whole = gzip(PLAN.as_bytes());
        for length in 2..whole.len() {
            let cut = whole.get(..length).unwrap().to_vec();
            assert_eq!(problem(cut), GzipProblem::Truncated, "{length}");
        }
        let mut damaged = whole.clone();
        *damaged.iter_mut().rev().nth(6).unwrap() ^= 1;
        assert_eq!(problem(damaged), GzipProblem::Damaged);
        for rest in [&b"x"[..], b"\0\0\0\0", PLAN.as_bytes()] {
            let trailing = [&whole, rest].concat();
            assert_eq!(problem(trailing), GzipProblem::Trailing);
        }
        assert_eq!(problem(gzip(&whole)), GzipProblem::Nested);
        let zip = include_bytes!("../../../testdata/plans/04-delete/tfplan");
        assert_eq!(problem(gzip(zip)), GzipProblem::Binary);
        // Each member is small; it is their sum that counts.
        let bomb = gzip(&vec![b' '; 8 * 1024 * 1024]).repeat(9);
        assert_eq!(problem(bomb), GzipProblem::Ratio);
    }

    #[test]
    fn encodings_and_other_ways_of_packing_are_named() {
        let le16 =
            |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
        let be16 =
            |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_be_bytes).collect() };
        let le32 = |text: &str| -> Vec<u8> {
            text.chars()
                .flat_map(|c| u32::from(c).to_le_bytes())
                .collect()
        };
        let be32 = |text: &str| -> Vec<u8> {
            text.chars()
                .flat_map(|c| u32::from(c).to_be_bytes())
                .collect()
        };
        let marked = format!("\u{feff}{PLAN}");
        for bytes in [le16(&marked), be16(&marked), gzip(&le16(&marked))] {
            assert_eq!(decode(bytes).unwrap(), PLAN);
        }
        for (bytes, expected) in [
            (le16(PLAN), "UTF-16 without a byte order mark"),
            (be16(PLAN), "UTF-16 without a byte order mark"),
            (le32(PLAN), "UTF-32"),
            (be32(PLAN), "UTF-32"),
            (le32(&marked), "UTF-32"),
            (be32(&marked), "UTF-32"),
        ] {
            assert_eq!(
                decode(bytes).unwrap_err(),
                PlanError::Encoding { name: expected }
            );
        }
        // A name in Latin-1.
        assert_eq!(
            decode(b"{\"caf\xe9\":1}".to_vec()).unwrap_err(),
            PlanError::NotUtf8 { offset: 5 }
        );
        let mut tar = vec![b'a'; 512];
        tar.splice(257..262, *b"ustar");
        for (bytes, expected) in [
            (b"\x28\xb5\x2f\xfdx".to_vec(), "Zstandard"),
            (b"\xfd7zXZ\0".to_vec(), "xz"),
            (b"BZh91AY".to_vec(), "bzip2"),
            (tar, "tar"),
        ] {
            assert_eq!(
                decode(bytes).unwrap_err(),
                PlanError::Packed { kind: expected }
            );
        }
        let zip = include_bytes!("../../../testdata/plans/04-delete/tfplan");
        assert_eq!(decode(zip.to_vec()).unwrap_err(), PlanError::Binary);
    }
}
