//! What is wrong with an id, as a message.

use super::Message;
use crate::id::{IdFault, IdKind, InvalidId};

impl From<InvalidId> for Message {
    fn from(InvalidId { what, text, fault }: InvalidId) -> Self {
        let what = match what {
            IdKind::Receipt => Self::WhatReceipt,
            IdKind::Workflow => Self::WhatWorkflow,
            IdKind::Record => Self::WhatRecord,
            IdKind::Trigger => Self::WhatTrigger,
            IdKind::Permission => Self::WhatPermission,
            IdKind::Module => Self::WhatModule,
            IdKind::Step => Self::WhatStep,
            IdKind::Secret => Self::WhatSecret,
            IdKind::Connection => Self::WhatConnection,
            IdKind::Variable => Self::WhatVariable,
        };
        let fault = match fault {
            IdFault::NoUuid => Self::IdNoUuid,
            IdFault::NotAboveZero => Self::IdNotAboveZero,
            IdFault::NoNumber => Self::IdNoNumber,
            IdFault::Empty => Self::IdEmpty,
            IdFault::TooLong => Self::IdTooLong,
            IdFault::Characters => Self::IdCharacters,
            IdFault::LatinCharacters => Self::IdLatinCharacters,
            IdFault::SmallCharacters => Self::IdSmallCharacters,
        };
        Self::IdWrong { what: Box::new(what), text: format!("{text:?}"), fault: Box::new(fault) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{ModuleName, ReceiptId, RecordId, TriggerKey, VariableName};

    #[test]
    fn an_error_of_an_id_has_the_words_of_its_message() {
        for error in [
            "x".parse::<ReceiptId>().unwrap_err(),
            "-1".parse::<RecordId>().unwrap_err(),
            RecordId::try_from(0).unwrap_err(),
            "".parse::<ModuleName>().unwrap_err(),
            "a b".parse::<ModuleName>().unwrap_err(),
            "лид".parse::<TriggerKey>().unwrap_err(),
            "CRM".parse::<VariableName>().unwrap_err(),
            "a".repeat(65).parse::<ModuleName>().unwrap_err(),
        ] {
            assert_eq!(error.to_string(), Message::from(error).to_string());
        }
    }
}
