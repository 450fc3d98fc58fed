//! A connection: the way to another system, with what opens it. Steps and modules name a connection instead of an address
//! and a password. A document names secrets and never holds their values: these are put in when a call is made.

mod address;
pub mod description;
pub mod http;
pub mod smtp;
pub mod vtiger;

use std::collections::HashMap;

use serde_json::Value;

use crate::document::{self, MAX_TITLE_BYTES, Reader};
use crate::finding::Finding;
use crate::id::{ConnectionName, SecretName};
use crate::message::ConnectionFault;
use crate::spec::{Kind, Setting, Spec};
use http::Http;
use smtp::Smtp;
use vtiger::Vtiger;

const NAME: Setting = Setting::new("connection", Kind::Name(document::Kind::Connection)).required();
const TITLE: Setting = Setting::new("title", Kind::Text(MAX_TITLE_BYTES));
const VTIGER: Setting = Setting::new("vtiger", Kind::Map("vtiger", &vtiger::SETTINGS));
const HTTP: Setting = Setting::new("http", Kind::Map("http", &http::SETTINGS));
const SMTP: Setting = Setting::new("smtp", Kind::Map("smtp", &smtp::SETTINGS));

const TO_VTIGER: &[Setting] = &[NAME, TITLE, VTIGER];
const TO_HTTP: &[Setting] = &[NAME, TITLE, HTTP];
const TO_SMTP: &[Setting] = &[NAME, TITLE, SMTP];

/// A connection as it is described.
pub const SPEC: Spec = Spec {
    name: "connection",
    outputs: &[],
    settings: &[NAME, TITLE, VTIGER, HTTP, SMTP],
    example: r#"connection: crm
title: vtiger of the sales team
vtiger:
  url: https://crm.example.org/
  user: postern
  access_key: $secret["crm_access_key"]
  sessions: 4"#,
};

/// A way to another system.
#[derive(Debug)]
pub struct Connection {
    /// Its name, everywhere.
    pub name: ConnectionName,
    /// For people only.
    pub title: String,
    /// Where it leads.
    pub to: To,
}

/// Where a connection leads.
#[derive(Debug)]
pub enum To {
    /// To a vtiger CRM.
    Vtiger(Vtiger),
    /// To an API over HTTP.
    Http(Http),
    /// To a mail server.
    Smtp(Smtp),
}

/// What kind of system a connection leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    /// vtiger CRM.
    Vtiger,
    /// An API over HTTP.
    Http,
    /// A mail server.
    Smtp,
}

/// The connections of one version of the settings, by their names.
#[derive(Debug, Default)]
pub struct Connections(HashMap<ConnectionName, Connection>);

impl System {
    /// Every kind, in the order of the settings.
    pub const ALL: [Self; 3] = [Self::Vtiger, Self::Http, Self::Smtp];

    /// The key of its settings, and its name everywhere.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Vtiger => "vtiger",
            Self::Http => "http",
            Self::Smtp => "smtp",
        }
    }

    /// The settings of a connection to it.
    pub const fn settings(self) -> &'static [Setting] {
        match self {
            Self::Vtiger => TO_VTIGER,
            Self::Http => TO_HTTP,
            Self::Smtp => TO_SMTP,
        }
    }

    /// The one that a document of a connection names.
    pub fn of(document: &Value) -> Option<Self> {
        Self::ALL.into_iter().find(|system| document.get(system.name()).is_some())
    }
}

impl Connection {
    /// Reads the document of a connection.
    pub fn from_document(document: &Value) -> Result<Self, Vec<Finding>> {
        let mut findings = Vec::new();
        let connection = Reader::new("", document, SPEC.settings, &mut findings).and_then(|mut reader| {
            let (name, title) = (reader.id("connection"), reader.title("title"));
            let to = to(&mut reader);
            reader.finish();
            Some(Self { name: name?, title, to: to? })
        });
        connection.filter(|_| findings.is_empty()).ok_or(findings)
    }

    /// What kind of system it leads to.
    pub fn system(&self) -> System {
        match &self.to {
            To::Vtiger(_) => System::Vtiger,
            To::Http(_) => System::Http,
            To::Smtp(_) => System::Smtp,
        }
    }

    /// The secrets that open it, each with the path to it.
    pub fn secrets(&self) -> Vec<(&'static str, &SecretName)> {
        match &self.to {
            To::Vtiger(vtiger) => vec![("vtiger.access_key", &vtiger.access_key)],
            To::Http(http) => http.secrets(),
            To::Smtp(smtp) => smtp.login.iter().map(|login| ("smtp.password", &login.password)).collect(),
        }
    }
}

/// Where it leads: exactly one system is named.
fn to(reader: &mut Reader) -> Option<To> {
    let vtiger = reader.value("vtiger").is_some().then(|| vtiger::read(reader));
    let http = reader.value("http").is_some().then(|| http::read(reader));
    let smtp = reader.value("smtp").is_some().then(|| smtp::read(reader));
    let is_misspelt = System::ALL.iter().any(|system| reader.is_misspelt(system.name()));
    match (vtiger, http, smtp) {
        (Some(vtiger), None, None) => return vtiger.map(To::Vtiger),
        (None, Some(http), None) => return http.map(To::Http),
        (None, None, Some(smtp)) => return smtp.map(To::Smtp),
        (None, None, None) if is_misspelt => {}
        _ => reader.report("", ConnectionFault::OneSystem { keys: System::ALL.map(System::name).join(", ") }),
    }
    None
}

impl Connections {
    /// A connection.
    pub fn get(&self, name: &ConnectionName) -> Option<&Connection> {
        self.0.get(name)
    }

    /// All connections, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Connection> {
        self.0.values()
    }

    /// A connection to a vtiger CRM.
    pub fn vtiger(&self, name: &ConnectionName) -> Option<&Vtiger> {
        if let To::Vtiger(vtiger) = &self.get(name)?.to { Some(vtiger) } else { None }
    }

    /// A connection to an API over HTTP.
    pub fn http(&self, name: &ConnectionName) -> Option<&Http> {
        if let To::Http(http) = &self.get(name)?.to { Some(http) } else { None }
    }

    /// A connection to a mail server.
    pub fn smtp(&self, name: &ConnectionName) -> Option<&Smtp> {
        if let To::Smtp(smtp) = &self.get(name)?.to { Some(smtp) } else { None }
    }
}

/// Each takes the place of one of the same name.
impl FromIterator<Connection> for Connections {
    fn from_iter<I: IntoIterator<Item = Connection>>(connections: I) -> Self {
        Self(connections.into_iter().map(|connection| (connection.name.clone(), connection)).collect())
    }
}

#[cfg(test)]
mod tests;
