//! Hashes and base64. A hash is written in hexadecimal digits, as other programs write it.

use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use minijinja::value::Kwargs;
use minijinja::{Environment, Error, State, Value};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use super::{failed, mapped, text};
use crate::message::{CalculationFault, Message};

/// What `hmac` can be made with.
const ALGORITHMS: [&str; 3] = ["sha256", "sha1", "sha512"];

pub(super) fn add(environment: &mut Environment<'static>) {
    environment.add_filter("md5", hashed::<Md5>);
    environment.add_filter("sha256", hashed::<Sha256>);
    environment.add_filter("hmac", hmac);
    environment.add_filter("base64_encode", base64_encode);
    environment.add_filter("base64_decode", base64_decode);
}

fn hashed<D: Digest>(state: &State, value: &Value) -> Result<Value, Error> {
    mapped(state, value, |text| HEXLOWER.encode(&D::digest(text.as_bytes())))
}

/// `hmac(key, algorithm="sha256")`.
fn hmac(state: &State, value: &Value, key: &str, kwargs: Kwargs) -> Result<Value, Error> {
    let algorithm: Option<&str> = kwargs.get("algorithm")?;
    kwargs.assert_all_used()?;
    let Some(text) = text(state, value)? else { return Ok(Value::UNDEFINED) };
    let (key, text) = (key.as_bytes(), text.as_bytes());
    let signed = match algorithm.unwrap_or(ALGORITHMS[0]) {
        "sha256" => Hmac::<Sha256>::new_from_slice(key).map(|mac| HEXLOWER.encode(&finished(mac, text))),
        "sha1" => Hmac::<Sha1>::new_from_slice(key).map(|mac| HEXLOWER.encode(&finished(mac, text))),
        "sha512" => Hmac::<Sha512>::new_from_slice(key).map(|mac| HEXLOWER.encode(&finished(mac, text))),
        _ => return Err(failed(CalculationFault::HmacAlgorithms { known: ALGORITHMS.map(str::to_owned).to_vec() })),
    };
    // A key of HMAC has any length.
    signed.map(Value::from).map_err(|error| failed(Message::foreign(&error)))
}

fn finished<M: Mac>(mac: M, text: &[u8]) -> Vec<u8> {
    mac.chain_update(text).finalize().into_bytes().to_vec()
}

fn base64_encode(state: &State, value: &Value) -> Result<Value, Error> {
    mapped(state, value, |text| BASE64.encode(text.as_bytes()))
}

/// The text of base64 in either alphabet, with or without padding and line breaks; nothing if it is none, or no text.
fn base64_decode(state: &State, value: &Value) -> Result<Value, Error> {
    let Some(text) = text(state, value)? else { return Ok(Value::UNDEFINED) };
    let packed: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let packed = packed.trim_end_matches('=');
    let decoded = BASE64_NOPAD.decode(packed.as_bytes()).or_else(|_| BASE64URL_NOPAD.decode(packed.as_bytes())).ok();
    Ok(decoded.and_then(|bytes| String::from_utf8(bytes).ok()).map_or(Value::UNDEFINED, Value::from))
}
