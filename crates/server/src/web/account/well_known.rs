//! What browsers and password managers look for (W3C "A Well-Known URL for Changing Passwords", "Passkey Endpoints"). Everything else under
//! `/.well-known/` is not there, and says so (UX-31).

use crate::web::{
    answer::{Answer, go, json},
    views::me_change::Wish,
    visit::Visit,
};

/// `GET /.well-known/change-password`.
pub async fn change_password() -> Answer {
    go(Wish::Password.path())
}

/// `GET /.well-known/passkey-endpoints`.
pub async fn passkey_endpoints(visit: Visit) -> Answer {
    let site = &visit.portal.site.public_url;
    json(&serde_json::json!({
        "enroll": format!("{site}{}", Wish::Passkey.path()),
        "manage": format!("{site}{}", Wish::Look.path()),
    }))
}
