//! The texts of all policies that were ever asked, by digest: a verdict in the log names one, and a bundle brings it along.

use keyward_core::{digest::Digest, time::Timestamp};

use super::{
    Store, StoreError,
    db::{statements, vals},
};

statements! {
    PUT = "policies/put";
    GET = "policies/get";
}

impl Store {
    /// Keeps a policy before it is first asked. A text that has changed in the database is put right: its digest says which one it is.
    pub async fn put_policy(&self, text: &str, at: Timestamp) -> Result<Digest, StoreError> {
        let digest = Digest::of(text.as_bytes());
        self.write(&PUT, vals![digest, text, at]).await?;
        Ok(digest)
    }

    /// The text that has this digest. What was stored under it and is another text is not returned.
    pub async fn policy(&self, digest: Digest) -> Result<Option<String>, StoreError> {
        let text: Option<String> = self.db.first(&GET, vals![digest], |row| row.get(0)).await?;
        match text {
            Some(text) if Digest::of(text.as_bytes()) != digest => {
                Err(StoreError::Broken(format!("policy {digest} has another text")))
            }
            other => Ok(other),
        }
    }
}
