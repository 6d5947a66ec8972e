//! A form that was filled in. Whoever sends one that can not be read sees a page that says so; no handler has to.

use axum::{
    Form, RequestExt as _,
    extract::{FromRef, FromRequest, Request},
};
use serde::de::DeserializeOwned;

use super::{
    answer::{Answer, stop},
    portal::Shared,
    views::outcome::StopReason,
    visit::Visit,
};

/// The fields.
pub struct Filled<T>(pub T);

impl<T, S> FromRequest<S> for Filled<T>
where
    T: DeserializeOwned + 'static,
    Shared: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Answer;

    async fn from_request(mut request: Request, state: &S) -> Result<Self, Answer> {
        let Ok(visit) = request.extract_parts_with_state::<Visit, S>(state).await;
        match Form::from_request(request, state).await {
            Ok(Form(fields)) => Ok(Self(fields)),
            Err(_) => Err(stop(&visit, StopReason::StaleForm)),
        }
    }
}
