//! Removes one document.

use std::marker::PhantomData;

use super::kinds::{Key, Of};
use super::remove;
use crate::operation::answer::Done;
use crate::operation::{About, Error, Operation, Who};
use crate::state::State;

/// Removes a document.
#[derive(Debug)]
pub struct Delete<K>(PhantomData<K>);

impl<K: Of> Operation for Delete<K> {
    type Input = Key<K>;
    type Output = Done;
    const ABOUT: About = K::DELETE;

    async fn run(state: &State, who: &Who, Key(name, _): Key<K>) -> Result<Done, Error> {
        remove(state, who, &name).await.map(|()| Done)
    }
}
