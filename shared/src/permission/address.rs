//! The address rules of a permission.

/// One address rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressRule;
