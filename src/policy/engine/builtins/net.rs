//! Address ranges.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use regorus::Value;

use super::{Fault, Function, MAX_ELEMENTS, Outcome, types, undefined};

pub(super) const FUNCTIONS: &[Function] = &[
    ("net.cidr_intersects", 2, intersects),
    ("net.cidr_overlap", 2, contains),
    ("net.cidr_contains_matches", 2, contains_matches),
    ("net.cidr_merge", 1, merge),
    ("net.cidr_expand", 1, expand),
];

/// An address range, or an address as a range of one.
fn range(value: &Value) -> Result<IpNet, Fault> {
    let Value::String(text) = value else {
        return Err(types());
    };
    text.parse::<IpNet>()
        .ok()
        .or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
        .map(|net| net.trunc())
        .ok_or_else(|| undefined("a text is neither an address nor a range of addresses"))
}

fn intersects(arguments: &[Value]) -> Outcome {
    let [one, two] = arguments else {
        return Err(types());
    };
    let (one, two) = (range(one)?, range(two)?);
    Ok(Value::from(one.contains(&two) || two.contains(&one)))
}

fn contains(arguments: &[Value]) -> Outcome {
    let [outer, inner] = arguments else {
        return Err(types());
    };
    Ok(Value::from(range(outer)?.contains(&range(inner)?)))
}

/// What is matched, by the key that names it in the result.
fn keyed(value: &Value) -> Result<Vec<(Value, IpNet)>, Fault> {
    // An element may be a list whose first entry is the range.
    let element = |value: &Value| match value {
        Value::Array(items) => items.iter().next().map_or_else(|| Err(types()), range),
        other => range(other),
    };
    match value {
        Value::String(_) => Ok(vec![(value.clone(), range(value)?)]),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(index, item)| Ok((Value::from(index), element(item)?)))
            .collect(),
        Value::Set(items) => items
            .iter()
            .map(|item| Ok((item.clone(), element(item)?)))
            .collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(key, item)| Ok((key.clone(), element(item)?)))
            .collect(),
        _ => Err(types()),
    }
}

fn contains_matches(arguments: &[Value]) -> Outcome {
    let [outer, inner] = arguments else {
        return Err(types());
    };
    let (outer, inner) = (keyed(outer)?, keyed(inner)?);
    let mut found = BTreeSet::new();
    for (outer_key, outer) in &outer {
        for (inner_key, inner) in &inner {
            if outer.contains(inner) {
                found.insert(Value::from(vec![outer_key.clone(), inner_key.clone()]));
            }
        }
    }
    Ok(Value::from(found))
}

/// A range; an address without a prefix stands for the network of its class, as in Go's and so in OPA's `net.cidr_merge`.
fn classful(value: &Value) -> Result<IpNet, Fault> {
    let Value::String(text) = value else {
        return Err(types());
    };
    let prefix = match text.parse::<IpAddr>() {
        Err(_) => return range(value),
        Ok(IpAddr::V6(_)) => None,
        Ok(IpAddr::V4(address)) => match address.octets() {
            [0..128, ..] => Some(8),
            [128..192, ..] => Some(16),
            [192..224, ..] => Some(24),
            _ => None,
        },
    };
    let prefix = prefix.ok_or_else(|| undefined("an address needs the length of its prefix"))?;
    range(&Value::from(format!("{text}/{prefix}")))
}

fn merge(arguments: &[Value]) -> Outcome {
    let items: Vec<&Value> = match arguments {
        [Value::Array(items)] => items.iter().collect(),
        [Value::Set(items)] => items.iter().collect(),
        _ => return Err(types()),
    };
    let (mut short, mut long): (Vec<Ipv4Net>, Vec<Ipv6Net>) = (Vec::new(), Vec::new());
    for item in items {
        match classful(item)? {
            IpNet::V4(net) => short.push(net),
            IpNet::V6(net) => long.push(net),
        }
    }
    let merged: BTreeSet<Value> = Ipv4Net::aggregate(&short)
        .iter()
        .map(|net| Value::from(net.to_string()))
        .chain(
            Ipv6Net::aggregate(&long)
                .iter()
                .map(|net| Value::from(net.to_string())),
        )
        .collect();
    Ok(Value::from(merged))
}

fn expand(arguments: &[Value]) -> Outcome {
    let [value] = arguments else {
        return Err(types());
    };
    let net = range(value)?;
    let bits = net.max_prefix_len() - net.prefix_len();
    if 1_u64
        .checked_shl(u32::from(bits))
        .is_none_or(|n| n > MAX_ELEMENTS)
    {
        return Err(Fault::Fatal(format!(
            "it would make more than {MAX_ELEMENTS} addresses"
        )));
    }
    let addresses: BTreeSet<Value> = match net {
        // The network and broadcast addresses are among them.
        IpNet::V4(net) => (u32::from(net.network())..=u32::from(net.broadcast()))
            .map(|bits| Value::from(std::net::Ipv4Addr::from(bits).to_string()))
            .collect(),
        IpNet::V6(net) => (u128::from(net.network())..=u128::from(net.broadcast()))
            .map(|bits| Value::from(std::net::Ipv6Addr::from(bits).to_string()))
            .collect(),
    };
    Ok(Value::from(addresses))
}
