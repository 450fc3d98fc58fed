//! Everything that is set, in the order in which it can be applied.

use postern_shared::document::Kind;
use postern_shared::store::{documents, texts};

use super::name_of;
use crate::operation::answer::Documents;
use crate::operation::{About, Error, Nothing, Operation, Who};
use crate::state::State;

/// Exports all documents.
#[derive(Debug)]
pub struct ExportDocuments;

impl Operation for ExportDocuments {
    type Input = Nothing;
    type Output = Documents;
    const ABOUT: About = About::get(
        "exportDocuments",
        "/export",
        "everything that is set, as `apply` takes it; a viewer gets it without secrets",
        "trigger: web_lead\ntitle: Web form\n",
    );

    async fn run(state: &State, who: &Who, _: Nothing) -> Result<Documents, Error> {
        let (connection, sight) = (state.store.connection().await?, who.sight());
        let mut all = Vec::new();
        for kind in Kind::ALL {
            let mut texts = texts::load(&connection, kind).await?;
            for document in documents::load(&connection, kind).await? {
                let text = name_of(kind, &document).and_then(|name| texts.remove(&name.to_string()));
                all.push(sight.written(&document, text));
            }
        }
        Ok(Documents(all))
    }
}
