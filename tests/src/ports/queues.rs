//! SQS: queues as the account has them.

use tidegate_aws::error::PortError;
use tidegate_aws::queues::{Outgoing, Queues, Refused};

use super::refused;
use crate::world::World;
use crate::world::api::QUEUE_REFUSAL;

impl Queues for World {
    async fn send_messages(&self, queue_url: &str, messages: &[Outgoing]) -> Result<Vec<Refused>, PortError> {
        const OPERATION: &str = "SendMessageBatch";
        self.call(OPERATION).await?;
        let messages: Vec<(String, i64)> =
            messages.iter().map(|message| (message.body.clone(), message.delay_s.into())).collect();
        let indices = self.lock().send_messages(queue_url, &messages).map_err(refused(OPERATION))?;
        let (code, message) = QUEUE_REFUSAL;
        Ok(indices.into_iter().map(|index| Refused { index, why: format!("{code}: {message}") }).collect())
    }
}
