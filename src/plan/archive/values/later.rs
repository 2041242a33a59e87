//! What only newer versions of Terraform plan: actions that apply invokes, and changes that are put off.
//!
//! Their names are held against each other. Their values are not compared, which is a gap for each.

use std::collections::BTreeMap;

use prost::Message;

use super::compare::{PlanPart, PlannedRow};
use super::{ArchiveError, Comparison};

/// `DeferredResourceInstanceChange`.
#[derive(Clone, PartialEq, Message)]
struct DeferredChange {
    #[prost(message, optional, tag = "2")]
    change: Option<Change>,
}

/// `ResourceInstanceChange`, its name only.
#[derive(Clone, PartialEq, Message)]
struct Change {
    #[prost(string, tag = "13")]
    address: String,
}

/// `ActionInvocationInstance`, its name only.
#[derive(Clone, PartialEq, Message)]
struct Invocation {
    #[prost(string, tag = "1")]
    address: String,
}

/// `DeferredActionInvocation`.
#[derive(Clone, PartialEq, Message)]
struct DeferredInvocation {
    #[prost(message, optional, tag = "2")]
    invocation: Option<Invocation>,
}

/// How often a name stands in the JSON, less how often it stands in the file.
pub(super) type Balance = BTreeMap<(PlanPart, String), i64>;

impl Comparison<'_> {
    /// Fields 27, 30 and 31, which OpenTofu does not have.
    pub(super) fn later(&mut self, tag: u32, field: &[u8]) -> Result<(), ArchiveError> {
        let wire = |_wire| ArchiveError::Message;
        let (part, name) = match tag {
            27 => {
                let deferred = DeferredChange::decode(field).map_err(wire)?;
                let name = deferred.change.unwrap_or_default().address;
                (PlanPart::Deferred, name)
            }
            30 => (
                PlanPart::Actions,
                Invocation::decode(field).map_err(wire)?.address,
            ),
            _ => {
                let deferred = DeferredInvocation::decode(field).map_err(wire)?;
                let name = deferred.invocation.unwrap_or_default().address;
                (PlanPart::DeferredActions, name)
            }
        };
        *self.later.entry((part, name)).or_default() -= 1;
        Ok(())
    }

    pub(super) fn compare_later(&mut self) {
        let mut balance = std::mem::take(&mut self.later);
        let deferred = self.plan.deferred.iter();
        let names = deferred.map(|one| (PlanPart::Deferred, one.change.address.clone()));
        let invocations = self.plan.invocations.iter().map(|one| {
            let part = match one.deferred {
                Some(_) => PlanPart::DeferredActions,
                None => PlanPart::Actions,
            };
            (part, one.address.clone())
        });
        for name in names.chain(invocations) {
            *balance.entry(name).or_default() += 1;
        }
        for ((part, name), count) in balance {
            if count != 0 {
                self.part(part, &name);
            } else if part == PlanPart::Deferred {
                self.gap(&PlannedRow::Deferred { address: name });
            } else {
                self.part_gap(part, &name);
            }
        }
    }
}
