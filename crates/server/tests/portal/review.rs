//! Step 5: when what is looked at after the change is over.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use keyward::channels::{Channel, ChannelError, Message};
use keyward_core::{
    account::Method,
    case::{Ending, Stage},
    time::{HOUR_MS, SECOND_MS},
};

use crate::world::{Ground, World};

/// A mail server that comes back when it is told to.
#[derive(Default)]
struct Away(AtomicBool);

#[async_trait::async_trait]
impl Channel for Away {
    async fn send(&self, _: &Message) -> Result<(), ChannelError> {
        match self.0.load(Ordering::Relaxed) {
            true => Ok(()),
            false => Err(ChannelError::Unreachable { peer: "mail.northwind.test".to_owned() }),
        }
    }
}

#[tokio::test]
async fn ux_69_an_address_that_came_behind_the_change_was_told_nothing_and_holds_no_review_up() {
    let mail = Arc::new(Away::default());
    let world = World::on(Ground { channel: Some(mail.clone()), ..Ground::default() }).await;
    let ada = world.somebody("ada").await;
    let mut browser = world.browser();
    let done = world.recovered(&mut browser, &ada, "copper violin harvest 71").await;
    let stage = async || world.case(&done.reference()).await.stage().clone();
    assert!(matches!(stage().await, Stage::Reviewing(_)), "the message could not be sent yet");

    world.hand.pass_ms(SECOND_MS);
    let late = world.ctx.id(world.ctx.now());
    world.give_as(late, &ada, (Method::Email, b"late@elsewhere.test"), Vec::new()).await;
    mail.0.store(true, Ordering::Relaxed);
    world.hand.pass_ms(HOUR_MS);
    world.work().await;
    assert!(matches!(stage().await, Stage::Closed(Ending::Reviewed(_))), "{:?}", stage().await);
    world.end().await;
}
