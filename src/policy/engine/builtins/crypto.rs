//! Digests and tokens, by their libraries.

use base64::Engine as _;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use regorus::Value;
use sha2::Digest;

use super::{Fault, Function, Outcome, types, undefined};

pub(super) const FUNCTIONS: &[Function] = &[
    ("crypto.md5", 1, |a| digest::<md5::Md5>(a)),
    ("crypto.sha1", 1, |a| digest::<sha1::Sha1>(a)),
    ("crypto.sha256", 1, |a| digest::<sha2::Sha256>(a)),
    ("crypto.hmac.md5", 2, |a| code::<Hmac<md5::Md5>>(a)),
    ("crypto.hmac.sha1", 2, |a| code::<Hmac<sha1::Sha1>>(a)),
    ("crypto.hmac.sha256", 2, |a| code::<Hmac<sha2::Sha256>>(a)),
    ("crypto.hmac.sha512", 2, |a| code::<Hmac<sha2::Sha512>>(a)),
    ("crypto.hmac.equal", 2, equal),
    ("io.jwt.decode", 1, decode),
];

fn hex(bytes: &[u8]) -> Value {
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        out.push_str(&format!("{byte:02x}"));
    }
    Value::from(out)
}

fn digest<D: Digest>(arguments: &[Value]) -> Outcome {
    match arguments {
        [Value::String(text)] => Ok(hex(&D::digest(text.as_bytes()))),
        _ => Err(types()),
    }
}

fn code<M: Mac + hmac::digest::KeyInit>(arguments: &[Value]) -> Outcome {
    let [Value::String(text), Value::String(key)] = arguments else {
        return Err(types());
    };
    let mut code = <M as Mac>::new_from_slice(key.as_bytes())
        .map_err(|_length| undefined("the key has the wrong length"))?;
    code.update(text.as_bytes());
    Ok(hex(&code.finalize().into_bytes()))
}

fn equal(arguments: &[Value]) -> Outcome {
    match arguments {
        [Value::String(one), Value::String(two)] => Ok(Value::from(one == two)),
        _ => Err(types()),
    }
}

/// Reads a token without checking its signature: header, payload, signature in hexadecimal digits.
fn decode(arguments: &[Value]) -> Outcome {
    let [Value::String(token)] = arguments else {
        return Err(types());
    };
    // A token may hold another one.
    token_of(token, 8)
}

fn token_of(token: &str, depth: usize) -> Outcome {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, payload, signature] = parts.as_slice() else {
        return Err(undefined("a token has three parts"));
    };
    let bytes = |part: &str| -> Result<Vec<u8>, Fault> {
        URL_SAFE_NO_PAD
            .decode(part)
            .or_else(|_unpadded| URL_SAFE.decode(part))
            .map_err(|_error| undefined("a part of the token is not base64url"))
    };
    let json = |part: &str| -> Result<Value, Fault> {
        let bytes = bytes(part)?;
        let text = std::str::from_utf8(&bytes)
            .map_err(|_error| undefined("a part of the token is not text"))?;
        Value::from_json_str(text).map_err(|_error| undefined("a part of the token is not JSON"))
    };
    let header = json(header)?;
    if !matches!(&header["enc"], Value::Undefined) {
        return Err(undefined("the token is encrypted"));
    }
    if header["cty"] == Value::from("JWT") && depth > 0 {
        let inner = bytes(payload)?;
        let inner = std::str::from_utf8(&inner)
            .map_err(|_error| undefined("a part of the token is not text"))?;
        return token_of(inner.trim_matches('"'), depth - 1);
    }
    Ok(Value::from(vec![
        header,
        json(payload)?,
        hex(&bytes(signature)?),
    ]))
}
