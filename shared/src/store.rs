//! The store: the only SQL of Postern stands in this folder and in `migrations`.
