//! A job for the writer, and the answer that its caller waits for.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::sync::oneshot;

use super::{StoreError, Tx};

/// A job whose result type is known to its caller only.
pub(super) trait Job: Send {
    /// Runs inside the savepoint; false asks for its rollback.
    fn run(&mut self, tx: &Tx<'_>) -> bool;
    /// Answers the caller: with the job's own result when the group is on disk, else with the error.
    fn answer(self: Box<Self>, group: Result<(), StoreError>);
}

struct Call<F, T, E> {
    job: Option<F>,
    /// What the job logs belongs to its caller.
    span: tracing::Span,
    result: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

impl<F, T, E> Job for Call<F, T, E>
where
    F: FnOnce(&Tx<'_>) -> Result<T, E> + Send,
    T: Send,
    E: From<StoreError> + Send,
{
    fn run(&mut self, tx: &Tx<'_>) -> bool {
        let Some(job) = self.job.take() else {
            return false;
        };
        let result = catch_unwind(AssertUnwindSafe(|| self.span.in_scope(|| job(tx))))
            .unwrap_or_else(|_| Err(StoreError::Panicked.into()));
        let keep = result.is_ok();
        self.result = Some(result);
        keep
    }

    fn answer(self: Box<Self>, group: Result<(), StoreError>) {
        let answer = match (group, self.result) {
            (Ok(()), Some(result)) => result,
            (Ok(()), None) => Err(StoreError::Panicked.into()),
            // A refusal of the job's own stands whatever became of the group: it changed nothing.
            (Err(_), Some(Err(refused))) => Err(refused),
            (Err(error), _) => Err(error.into()),
        };
        // The caller may have gone away; its job is committed all the same.
        let _ = self.reply.send(answer);
    }
}

pub(super) type Answer<T, E> = oneshot::Receiver<Result<T, E>>;

pub(super) fn call<T, E, F>(job: F) -> (Box<dyn Job>, Answer<T, E>)
where
    F: FnOnce(&Tx<'_>) -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    let (reply, answer) = oneshot::channel();
    let call = Call {
        job: Some(job),
        span: tracing::Span::current(),
        result: None,
        reply,
    };
    (Box::new(call), answer)
}

pub(super) async fn wait<T, E: From<StoreError>>(answer: Answer<T, E>) -> Result<T, E> {
    answer.await.unwrap_or_else(|_| Err(closed().into()))
}

pub(super) fn closed() -> StoreError {
    StoreError::Unavailable("the database is closed".to_owned())
}
