//! `vtiger`: the way to a vtiger CRM.

use url::Url;

use super::address;
use crate::document::Reader;
use crate::id::{ModuleName, SecretName};
use crate::permission::limit::Limit;
use crate::record_ref::ConnectedId;
use crate::spec::{Kind, Setting};

/// The files of calls and of pages. People copy them with the address.
const FILES: [&str; 2] = ["webservice.php", "index.php"];

/// The longest name of a user, in bytes.
const MAX_USER_BYTES: usize = 255;

/// The most calls at once: vtiger answers no more per second with more.
pub const MAX_SESSIONS: u8 = 32;

/// What stands in `vtiger`.
pub(super) const SETTINGS: [Setting; 5] = [
    Setting::new("url", Kind::Address).required(),
    Setting::new("user", Kind::Text(MAX_USER_BYTES)).required(),
    Setting::new("access_key", Kind::Secret).required(),
    Setting::new("sessions", Kind::Number(1, MAX_SESSIONS as i64)).or("4"),
    Setting::new("rate", Kind::Rate),
];

/// The way to a vtiger CRM.
#[derive(Debug, Clone, PartialEq)]
pub struct Vtiger {
    /// The folder of vtiger, with a slash at its end.
    pub url: Url,
    /// The user in whose name calls are made.
    pub user: String,
    /// The user's access key.
    pub access_key: SecretName,
    /// How many calls are made at once, each in a session of its own.
    pub sessions: u8,
    /// The most calls in a time; none = as many as vtiger answers.
    pub rate: Option<Limit>,
}

impl Vtiger {
    /// The page of a record, for people; none = vtiger gives no such id.
    pub fn page(&self, module: &ModuleName, id: &ConnectedId) -> Option<Url> {
        let mut page = self.url.join("index.php").ok()?;
        let query = [("module", module.as_str()), ("view", "Detail"), ("record", id.number()?)];
        page.query_pairs_mut().extend_pairs(query);
        Some(page)
    }
}

pub(super) fn read(reader: &mut Reader) -> Option<Vtiger> {
    let mut inner = reader.inner("vtiger", &SETTINGS)?;
    let url = address::read(&mut inner, "url");
    let (user, access_key) = (inner.text("user"), inner.secret("access_key"));
    let (sessions, rate) = (inner.number("sessions"), inner.id("rate"));
    inner.finish();
    Some(Vtiger { url: folder(url?), user: user?, access_key: access_key?, sessions: sessions?, rate })
}

fn folder(mut url: Url) -> Url {
    let path = FILES.iter().find_map(|file| url.path().strip_suffix(file)).unwrap_or(url.path());
    let path = if path.ends_with('/') { path.to_owned() } else { format!("{path}/") };
    url.set_path(&path);
    url
}
