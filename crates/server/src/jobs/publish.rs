//! Signs the log whenever it has grown. Refused when the log does not continue what was signed before: a restored database, a second history (TL-3).
//! Each time it reads a piece of what was signed long ago again, so that a change there is found within minutes, and nothing more is signed (T-I01).

use super::Worker;
use crate::causes;

/// Signs, if there is something new. What goes wrong is said once and tried again with the next tick; nothing is signed meanwhile.
pub async fn run(worker: &Worker) {
    let flow = &worker.flow;
    let signed = async {
        flow.store.check_next(&worker.round).await?;
        flow.store.sign_checkpoint(&worker.signer, &worker.memory, flow.ctx.now()).await
    };
    match signed.await {
        Ok(_) => worker.beat.signed(flow.ctx.now()),
        Err(error) => {
            worker.beat.not_signed();
            tracing::error!(error = causes::in_one_line(&error), "the log was not signed");
        }
    }
}
