//! Puts the values of secrets into a rendered request, at the moment of its call.

use postern_shared::rendered::HttpCall;
use postern_shared::secret::scrub::Scrubber;
use postern_shared::secret::{Secrets, Unusable, mark};

/// The request as it is sent, and what takes its secrets out of the answer. `marks` is what its marks begin with.
pub fn put_in(request: &HttpCall, marks: &str, secrets: &Secrets) -> Result<(HttpCall, Scrubber), Unusable> {
    let filled = |text: &str| mark::fill(text, marks, secrets).map(|text| text.into_owned());
    let HttpCall { method, url, headers, body, .. } = request;
    let headers_filled: Result<Vec<_>, Unusable> =
        headers.iter().map(|(name, value)| Ok((name.clone(), filled(value)?))).collect();
    let texts = headers.iter().map(|(_, value)| value).chain([url]).chain(body);
    let names: Vec<_> = texts.flat_map(|text| mark::names(text, marks)).collect();
    let call = HttpCall {
        method: method.clone(),
        url: filled(url)?,
        connection: request.connection.clone(),
        headers: headers_filled?,
        body: body.as_deref().map(filled).transpose()?,
        marks: None,
    };
    Ok((call, Scrubber::new(&names, secrets)?))
}
