//! This browser as something that is known: a key in a cookie that no script can read. Weak by itself; it helps another proof.

use super::{Sent, submit};
use crate::flow::label;
use crate::web::{
    answer::{Answer, Answered, show, with_cookie},
    applicant::{DEVICE, DEVICE_MS, Here},
    views::me_change::BindDevice,
};

pub(super) fn page(here: &Here) -> Answer {
    show(&BindDevice { shell: here.shell(), case: here.head(), name: here.visit.browser_label() })
}

pub(super) async fn handed(here: &Here, sent: Sent) -> Answered {
    let label = label(sent.name.as_deref(), &here.visit.browser_label());
    let (key, record) = here.or_page(here.visit.portal.flow.new_device(&here.case, &label))?;
    // Only the key that was handed in: a second press must not put another one in its place.
    Ok(with_cookie(submit(here, &record).await?, &here.visit.cookie(DEVICE, &key, DEVICE_MS)))
}
