//! The style sheet, the scripts and the icon, built into the program. Their addresses carry a hash of what they hold, so that a
//! browser may keep them for ever.

use std::fmt::Write;
use std::sync::LazyLock;

use sha2::{Digest, Sha256};
use warp::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use warp::reply::Response;

const STYLE: &[u8] = include_bytes!("../../assets/panel.css");
const ICON: &[u8] = include_bytes!("../../assets/icon.svg");
const SCRIPT: &[u8] = include_bytes!("../../assets/panel.js");
const DESIGNER: &[u8] = include_bytes!("../../assets/designer.js");

/// The file of a path.
pub fn find(path: &str) -> Option<Response> {
    let (kind, bytes) = match path {
        "/assets/panel.css" => ("text/css; charset=utf-8", STYLE),
        "/assets/panel.js" => ("text/javascript; charset=utf-8", SCRIPT),
        "/assets/designer.js" => ("text/javascript; charset=utf-8", DESIGNER),
        "/assets/icon.svg" => ("image/svg+xml", ICON),
        _ => return None,
    };
    let mut response = Response::new(bytes.into());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Some(response)
}

/// What all files hold, in a few characters. Each page names it.
pub static VERSION: LazyLock<String> = LazyLock::new(|| {
    let hash = Sha256::new().chain_update(STYLE).chain_update(SCRIPT).chain_update(DESIGNER).finalize();
    hash.iter().take(6).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
});
