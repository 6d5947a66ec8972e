//! Signs the log whenever it has grown. Refused when the log does not continue what was signed before: a restored database, a second history (TL-3).

use super::Worker;

/// Signs, if there is something new. What goes wrong is said once and tried again with the next tick; nothing is signed meanwhile.
pub async fn run(worker: &Worker) {
    let flow = &worker.flow;
    match flow.store.sign_checkpoint(&worker.signer, &worker.memory, flow.ctx.now()).await {
        Ok(_) => worker.beat.signed(flow.ctx.now()),
        Err(error) => {
            worker.beat.not_signed();
            tracing::error!(%error, "the log was not signed");
        }
    }
}
