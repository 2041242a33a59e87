//! The facts in `tfplan`, a protocol buffer message (`planfile.proto` of Terraform and of OpenTofu, format 3).
//!
//! The outer message is walked field by field, so that what repeats is counted before memory is taken for it. Fields that hold values
//! are stepped over; `values` reads them when there is JSON to compare them with. From field 22 on the two programs number their fields apart: those are read only where they have the expected form.

use prost::Message;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};

use super::{ArchiveError, BinaryChange, BinaryPlan};
use crate::digest::Digest;
use crate::plan::{Action, PlanMode};

/// Most changes that are read.
const MAX_CHANGES: usize = 1_000_000;
/// Most addresses of one kind.
const MAX_ADDRESSES: usize = 10_000;

/// `REPLACE_BY_REQUEST`.
const BY_REQUEST: u32 = 2;

/// `Backend` and `StateStore`, without their settings.
#[derive(Message)]
struct Store {
    #[prost(string, tag = "1")]
    kind: String,
    #[prost(string, tag = "3")]
    workspace: String,
}

/// `ResourceInstanceChange`, without values, marks and private data.
#[derive(Message)]
struct Change {
    #[prost(string, tag = "13")]
    address: String,
    #[prost(string, tag = "7")]
    deposed: String,
    /// `ResourceInstanceActionReason`.
    #[prost(uint32, tag = "12")]
    reason: u32,
    #[prost(message, optional, tag = "9")]
    inner: Option<Inner>,
}

/// `OutputChange`, without its values.
#[derive(Message)]
struct Output {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, optional, tag = "2")]
    inner: Option<Inner>,
}

/// `Change`, its action only.
#[derive(Message)]
struct Inner {
    #[prost(uint32, tag = "1")]
    action: u32,
}

pub(super) fn read(bytes: &[u8]) -> Result<BinaryPlan, ArchiveError> {
    let mut facts = BinaryPlan {
        digest: Digest::of(b""),
        terraform_version: String::new(),
        mode: PlanMode::Normal,
        targets: Vec::new(),
        replaced: Vec::new(),
        invoked: Vec::new(),
        backend: None,
        workspace: None,
        timestamp: None,
        errored: false,
        complete: false,
        applyable: false,
        changes: Vec::new(),
        outputs: Vec::new(),
        modules: Vec::new(),
        lock_file: None,
        has_state: false,
        has_previous_state: false,
        lineage: None,
        serial: None,
        message: Vec::new(),
        state: Vec::new(),
    };
    let mut version = 0;
    let mut rest = bytes;
    while !rest.is_empty() {
        let (tag, wire) = decode_key(&mut rest).map_err(|_wire| ArchiveError::Message)?;
        match wire {
            WireType::Varint => {
                let value = decode_varint(&mut rest).map_err(|_wire| ArchiveError::Message)?;
                match tag {
                    1 => version = value,
                    17 => facts.mode = mode(value)?,
                    20 => facts.errored = value != 0,
                    25 => facts.applyable = value != 0,
                    26 => facts.complete = value != 0,
                    _ => {}
                }
            }
            WireType::LengthDelimited => {
                let field = delimited(&mut rest)?;
                field_of(&mut facts, tag, field)?;
            }
            other => skip_field(other, tag, &mut rest, DecodeContext::default())
                .map_err(|_wire| ArchiveError::Message)?,
        }
    }
    facts.replaced.sort();
    facts.replaced.dedup();
    if version != 3 {
        return Err(ArchiveError::Version { found: version });
    }
    if facts.terraform_version.is_empty() {
        return Err(ArchiveError::Message);
    }
    Ok(facts)
}

fn field_of(facts: &mut BinaryPlan, tag: u32, field: &[u8]) -> Result<(), ArchiveError> {
    match tag {
        3 => {
            if facts.changes.len() >= MAX_CHANGES {
                return Err(ArchiveError::Message);
            }
            let change = Change::decode(field).map_err(|_wire| ArchiveError::Message)?;
            // Terraform keeps no list of what `-replace` named, but says so with each change.
            if change.reason == BY_REQUEST {
                push(&mut facts.replaced, change.address.as_bytes())?;
            }
            facts.changes.push(changed(change));
        }
        4 => {
            if facts.outputs.len() >= MAX_CHANGES {
                return Err(ArchiveError::Message);
            }
            let output = Output::decode(field).map_err(|_wire| ArchiveError::Message)?;
            facts.outputs.push((output.name, action(output.inner)));
        }
        5 => push(&mut facts.targets, field)?,
        16 => push(&mut facts.replaced, field)?,
        14 => facts.terraform_version = text(field)?,
        21 => facts.timestamp = Some(text(field)?).filter(|text| !text.is_empty()),
        13 => {
            let store = Store::decode(field).map_err(|_wire| ArchiveError::Message)?;
            store_into(facts, store);
        }
        // Numbered by Terraform only.
        29 => {
            if let Ok(store) = Store::decode(field) {
                store_into(facts, store);
            }
        }
        32 if std::str::from_utf8(field).is_ok() => push(&mut facts.invoked, field)?,
        _ => {}
    }
    Ok(())
}

fn store_into(facts: &mut BinaryPlan, store: Store) {
    facts.backend = Some(store.kind).filter(|kind| !kind.is_empty());
    facts.workspace = Some(store.workspace).filter(|name| !name.is_empty());
}

/// The bytes of a field that says how long it is.
pub(super) fn delimited<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], ArchiveError> {
    let length = decode_varint(rest).map_err(|_wire| ArchiveError::Message)?;
    let (field, after) = usize::try_from(length)
        .ok()
        .and_then(|length| rest.split_at_checked(length))
        .ok_or(ArchiveError::Message)?;
    *rest = after;
    Ok(field)
}

fn text(field: &[u8]) -> Result<String, ArchiveError> {
    std::str::from_utf8(field)
        .map(str::to_owned)
        .map_err(|_utf8| ArchiveError::Message)
}

fn push(addresses: &mut Vec<String>, field: &[u8]) -> Result<(), ArchiveError> {
    if addresses.len() >= MAX_ADDRESSES {
        return Err(ArchiveError::Message);
    }
    addresses.push(text(field)?);
    Ok(())
}

fn mode(value: u64) -> Result<PlanMode, ArchiveError> {
    match value {
        0 => Ok(PlanMode::Normal),
        1 => Ok(PlanMode::Destroy),
        2 => Ok(PlanMode::RefreshOnly),
        _ => Err(ArchiveError::Message),
    }
}

fn action(inner: Option<Inner>) -> Action {
    action_of(inner.map_or(0, |inner| inner.action))
}

/// `Action`.
pub(super) fn action_of(number: u32) -> Action {
    match number {
        0 => Action::NoOp,
        1 => Action::Create,
        2 => Action::Read,
        3 => Action::Update,
        5 => Action::Delete,
        6 => Action::DeleteThenCreate,
        7 => Action::CreateThenDelete,
        8 => Action::Forget,
        // Terraform creates first, OpenTofu forgets first.
        9 | 10 => Action::ForgetReplace,
        _ => Action::Unknown,
    }
}

fn changed(change: Change) -> BinaryChange {
    let action = action(change.inner);
    BinaryChange {
        address: change.address,
        deposed: Some(change.deposed).filter(|key| !key.is_empty()),
        action,
    }
}
