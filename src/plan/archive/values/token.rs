//! `MessagePack`, one token after the other.
//!
//! Every length is held against what is left of the input before anything is taken for it. Extensions other than the two that cty has
//! for unknown values, and refinements that would make such a value a known one, are refused.

use rmp::{Marker, decode};

use super::number::Decimal;

/// What cannot be read, or in more than one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unreadable;

/// One token. Lists and maps say only how many elements follow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Token<'a> {
    Null,
    Bool(bool),
    Whole(i128),
    Float(f64),
    Text(&'a [u8]),
    Bytes(&'a [u8]),
    List(usize),
    Map(usize),
    Unknown,
}

/// An unknown value without more.
const UNKNOWN: i8 = 0;
/// An unknown value with what is known of it.
const REFINED: i8 = 12;
/// cty refuses longer refinements.
const MAX_REFINEMENT: usize = 1024;

pub(super) fn next<'a>(rest: &mut &'a [u8]) -> Result<Token<'a>, Unreadable> {
    let marker = Marker::from_u8(*rest.first().ok_or(Unreadable)?);
    Ok(match marker {
        Marker::Null => {
            taken(decode::read_nil(rest))?;
            Token::Null
        }
        Marker::True | Marker::False => Token::Bool(taken(decode::read_bool(rest))?),
        Marker::FixPos(_)
        | Marker::FixNeg(_)
        | Marker::U8
        | Marker::U16
        | Marker::U32
        | Marker::U64
        | Marker::I8
        | Marker::I16
        | Marker::I32
        | Marker::I64 => Token::Whole(taken(decode::read_int(rest))?),
        Marker::F32 => finite(f64::from(taken(decode::read_f32(rest))?))?,
        Marker::F64 => finite(taken(decode::read_f64(rest))?)?,
        Marker::FixStr(_) | Marker::Str8 | Marker::Str16 | Marker::Str32 => {
            let length = taken(decode::read_str_len(rest))?;
            Token::Text(bytes(rest, length)?)
        }
        Marker::Bin8 | Marker::Bin16 | Marker::Bin32 => {
            let length = taken(decode::read_bin_len(rest))?;
            Token::Bytes(bytes(rest, length)?)
        }
        Marker::FixArray(_) | Marker::Array16 | Marker::Array32 => {
            let length = taken(decode::read_array_len(rest))?;
            Token::List(count(rest, length, 1)?)
        }
        Marker::FixMap(_) | Marker::Map16 | Marker::Map32 => {
            let length = taken(decode::read_map_len(rest))?;
            Token::Map(count(rest, length, 2)?)
        }
        Marker::FixExt1
        | Marker::FixExt2
        | Marker::FixExt4
        | Marker::FixExt8
        | Marker::FixExt16
        | Marker::Ext8
        | Marker::Ext16
        | Marker::Ext32 => {
            let meta = taken(decode::read_ext_meta(rest))?;
            let content = bytes(rest, meta.size)?;
            match meta.typeid {
                UNKNOWN if content.len() <= 1 => Token::Unknown,
                REFINED if content.len() > 1 && content.len() <= MAX_REFINEMENT => {
                    refined(content)?;
                    Token::Unknown
                }
                _ => return Err(Unreadable),
            }
        }
        Marker::Reserved => return Err(Unreadable),
    })
}

fn taken<T, E>(read: Result<T, E>) -> Result<T, Unreadable> {
    read.map_err(|_wire| Unreadable)
}

/// JSON has no infinity, so no plan with one can be shown.
fn finite<'a>(float: f64) -> Result<Token<'a>, Unreadable> {
    if float.is_finite() {
        Ok(Token::Float(float))
    } else {
        Err(Unreadable)
    }
}

fn bytes<'a>(rest: &mut &'a [u8], length: u32) -> Result<&'a [u8], Unreadable> {
    let (taken, after) = usize::try_from(length)
        .ok()
        .and_then(|length| rest.split_at_checked(length))
        .ok_or(Unreadable)?;
    *rest = after;
    Ok(taken)
}

/// A number of elements, each of which takes `least` bytes or more.
fn count(rest: &[u8], length: u32, least: usize) -> Result<usize, Unreadable> {
    let length = usize::try_from(length).map_err(|_size| Unreadable)?;
    if length > rest.len() / least {
        return Err(Unreadable);
    }
    Ok(length)
}

/// What is known of an unknown value. Bounds that leave one value only would make it known.
fn refined(mut content: &[u8]) -> Result<(), Unreadable> {
    let Token::Map(entries) = flat(&mut content)? else {
        return Err(Unreadable);
    };
    let mut numbers: [Option<Decimal>; 2] = [None, None];
    let mut lengths: [Option<i128>; 2] = [None, None];
    let mut last = 0;
    for _ in 0..entries {
        let Token::Whole(key) = flat(&mut content)? else {
            return Err(Unreadable);
        };
        // Written in order; so none stands twice.
        if key <= last {
            return Err(Unreadable);
        }
        last = key;
        match (key, flat(&mut content)?) {
            (1, Token::Bool(false)) | (2, Token::Text(_)) => {}
            (3 | 4, Token::List(2)) => {
                let bound = flat(&mut content)?;
                let Token::Bool(_) = flat(&mut content)? else {
                    return Err(Unreadable);
                };
                let side = usize::from(key == 4);
                if let Some(slot) = numbers.get_mut(side) {
                    *slot = Some(Decimal::of(&bound).ok_or(Unreadable)?);
                }
            }
            (5 | 6, Token::Whole(length)) => {
                let side = usize::from(key == 6);
                if let Some(slot) = lengths.get_mut(side) {
                    *slot = Some(length);
                }
            }
            _ => return Err(Unreadable),
        }
    }
    let one_number = matches!(&numbers, [Some(low), Some(high)] if low == high);
    let empty = lengths
        .get(1)
        .is_some_and(|most| most.is_some_and(|most| most < 1));
    if one_number || empty || !content.is_empty() {
        return Err(Unreadable);
    }
    Ok(())
}

/// A token of a refinement, which holds no extension.
fn flat<'a>(rest: &mut &'a [u8]) -> Result<Token<'a>, Unreadable> {
    match rest.first().map(|byte| Marker::from_u8(*byte)) {
        Some(
            Marker::FixExt1
            | Marker::FixExt2
            | Marker::FixExt4
            | Marker::FixExt8
            | Marker::FixExt16
            | Marker::Ext8
            | Marker::Ext16
            | Marker::Ext32,
        )
        | None => Err(Unreadable),
        Some(_) => next(rest),
    }
}
