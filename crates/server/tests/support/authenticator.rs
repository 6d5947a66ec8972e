//! A security key and the browser that talks to it, by other authors: passkeys that are found by the site alone, with user verification.

use std::sync::{Arc, Mutex};

use passkey::{
    authenticator::{
        Authenticator, CredentialStore, DiscoverabilitySupport, StoreInfo, UiHint, UserCheck, UserValidationMethod,
    },
    client::{Client, DefaultClientData},
    crypto::AvailableBackend,
    types::{
        Passkey as Held,
        ctap2::{
            Aaguid, Ctap2Error, StatusCode,
            make_credential::{Options, PublicKeyCredentialRpEntity, PublicKeyCredentialUserEntity},
        },
        webauthn::{CredentialCreationOptions, CredentialRequestOptions, PublicKeyCredentialDescriptor},
    },
};

/// A key on somebody's ring. Clones are the same key.
#[derive(Clone, Default)]
pub struct Key(Arc<Mutex<Vec<Held>>>);

struct Finger;

#[async_trait::async_trait]
impl UserValidationMethod for Finger {
    type PasskeyItem = Held;
    async fn check_user<'a>(
        &self,
        hint: UiHint<'a, Held>,
        _presence: bool,
        _verification: bool,
    ) -> Result<UserCheck, Ctap2Error> {
        if matches!(hint, UiHint::InformExcludedCredentialFound(_)) {
            return Err(Ctap2Error::CredentialExcluded);
        }
        Ok(UserCheck { presence: true, verification: true })
    }
    fn is_presence_enabled(&self) -> bool {
        true
    }
    fn is_verification_enabled(&self) -> Option<bool> {
        Some(true)
    }
}

#[async_trait::async_trait]
impl CredentialStore for Key {
    type PasskeyItem = Held;
    async fn find_credentials(
        &self,
        ids: Option<&[PublicKeyCredentialDescriptor]>,
        rp_id: &str,
        _user_handle: Option<&[u8]>,
    ) -> Result<Vec<Held>, StatusCode> {
        let listed =
            |held: &Held| ids.is_none_or(|ids| ids.is_empty() || ids.iter().any(|id| id.id == held.credential_id));
        let all = self.0.lock().unwrap();
        let found: Vec<Held> = all.iter().filter(|held| held.rp_id == rp_id && listed(held)).cloned().collect();
        if found.is_empty() { Err(Ctap2Error::NoCredentials.into()) } else { Ok(found) }
    }
    async fn save_credential(
        &mut self,
        held: Held,
        _user: PublicKeyCredentialUserEntity,
        _rp: PublicKeyCredentialRpEntity,
        _options: Options,
    ) -> Result<(), StatusCode> {
        self.0.lock().unwrap().push(held);
        Ok(())
    }
    async fn update_credential(&mut self, held: &Held) -> Result<(), StatusCode> {
        let mut all = self.0.lock().unwrap();
        all.retain(|known| known.credential_id != held.credential_id);
        all.push(held.clone());
        Ok(())
    }
    async fn get_info(&self) -> StoreInfo {
        StoreInfo { discoverability: DiscoverabilitySupport::Full }
    }
}

macro_rules! client {
    ($key:expr) => {
        Client::new(Authenticator::new(Aaguid::new_empty(), $key.clone(), Finger, AvailableBackend))
    };
}

impl Key {
    fn site() -> url::Url {
        super::SITE.parse().unwrap()
    }

    /// What the page's script posts after `navigator.credentials.create`.
    pub async fn create(&self, options: &str) -> String {
        let options: CredentialCreationOptions = wrapped(options);
        let made = client!(self).register(&Self::site(), options, DefaultClientData).await.unwrap();
        serde_json::to_string(&made).unwrap()
    }

    /// What it posts after `navigator.credentials.get`.
    pub async fn get(&self, options: &str) -> String {
        let options: CredentialRequestOptions = wrapped(options);
        let shown = client!(self).authenticate(&Self::site(), options, DefaultClientData).await.unwrap();
        serde_json::to_string(&shown).unwrap()
    }
}

fn wrapped<T: serde::de::DeserializeOwned>(options: &str) -> T {
    let options: serde_json::Value = serde_json::from_str(options).unwrap();
    serde_json::from_value(serde_json::json!({ "publicKey": options })).unwrap()
}
