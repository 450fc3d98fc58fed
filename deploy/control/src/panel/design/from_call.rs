//! A draft of a new workflow that is made from a call, which becomes its test data.

use postern_shared::id::ReceiptId;
use postern_shared::module::Module;
use postern_shared::store::{modules, posted, receipts, test_calls};
use postern_shared::task::create_record;
use postern_shared::yaml;
use warp::reply::Response;

use super::form::{texts_of, words};
use super::publish;
use crate::designer::{from_call, name};
use crate::panel::reply::{self, Refusal};
use crate::panel::visit::Visit;

/// Makes the draft and shows it.
pub async fn make(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let receipt: ReceiptId = visit.argument.parse().map_err(|_| Refusal::NotFound)?;
    let connection = visit.connection().await?;
    let found = receipts::find(&connection, receipt).await?.ok_or(Refusal::NotFound)?;
    let posted = posted::find(&connection, receipt).await?.ok_or(Refusal::NotFound)?;
    let declared = modules::load(&connection).await?.value;
    let declared: Vec<Module> = declared.iter().filter_map(|one| Module::from_document(one).ok()).collect();
    let task = words(texts_of(visit.language), &create_record::SPEC.text_key()).title.to_lowercase();
    let (title, step) = (visit.t("workflow-new"), name::of_title(&task));
    let id = publish::open_new(visit, |id| {
        let document = from_call::document(id, (&title, &step), &found.target, &posted.env, &declared);
        Some(yaml::write(&document))
    })
    .await?;
    test_calls::choose(&connection, id, visit.account(), receipt).await?;
    Ok(reply::redirect(&format!("{}?step={step}", reply::path(&["workflows", &id.to_string(), "design"]))))
}
