//! What a validator finds in documents: codes with arguments, of which each is a message as well.

mod calculation;
mod connection;
mod document;
mod expression;
mod permission;
mod step;

use super::Message;
use crate::document::Kind;
use crate::suggestion::Meant;

pub use calculation::CalculationFault;
pub use connection::ConnectionFault;
pub use document::DocumentFault;
pub use expression::ExpressionFault;
pub use permission::PermissionFault;
pub use step::StepFault;

impl Message {
    /// The same with the words that were probably meant; without any it stays as it is.
    pub fn meant(self, words: Meant) -> Self {
        if words.is_empty() {
            return self;
        }
        DocumentFault::DidYouMean { message: Box::new(self), meant: words.into_words() }.into()
    }

    /// The same without what was probably meant.
    pub fn fault(&self) -> &Self {
        let Self::Document(fault) = self else { return self };
        if let DocumentFault::DidYouMean { message, .. } = &**fault { message.fault() } else { self }
    }

    /// What a document is, in a word.
    pub fn kind(kind: Kind) -> Self {
        match kind {
            Kind::Connection => DocumentFault::ThingConnection,
            Kind::Module => DocumentFault::ThingModule,
            Kind::Trigger => DocumentFault::ThingTrigger,
            Kind::Workflow => DocumentFault::ThingWorkflow,
            Kind::Permission => DocumentFault::ThingPermission,
        }
        .into()
    }
}

impl From<ConnectionFault> for Message {
    fn from(fault: ConnectionFault) -> Self {
        Self::Connection(Box::new(fault))
    }
}

impl From<DocumentFault> for Message {
    fn from(fault: DocumentFault) -> Self {
        Self::Document(Box::new(fault))
    }
}

impl From<ExpressionFault> for Message {
    fn from(fault: ExpressionFault) -> Self {
        Self::Expression(Box::new(fault))
    }
}

impl From<CalculationFault> for Message {
    fn from(fault: CalculationFault) -> Self {
        Self::Calculation(Box::new(fault))
    }
}

impl From<PermissionFault> for Message {
    fn from(fault: PermissionFault) -> Self {
        Self::Permission(Box::new(fault))
    }
}

impl From<StepFault> for Message {
    fn from(fault: StepFault) -> Self {
        Self::Step(Box::new(fault))
    }
}

/// Every code, with the names of its arguments.
#[cfg(any(test, feature = "schema"))]
pub(super) fn codes() -> impl Iterator<Item = &'static (&'static str, &'static [&'static str])> {
    let all =
        [calculation::CODES, connection::CODES, document::CODES, expression::CODES, permission::CODES, step::CODES];
    all.into_iter().flatten()
}
