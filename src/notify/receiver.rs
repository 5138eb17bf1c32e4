//! Those who are told.

use chrono::{DateTime, Utc};

use crate::config::{Interest, MAIL, Mail, Notify, Webhook};
use crate::fetch::Client;
use crate::store::ledger::Delivery;

use super::error::NotifyError;
use super::message::{Addressee, Message};
use super::secret::Variable;
use super::{mail, webhook};

/// One who is told.
#[derive(Clone, Debug)]
pub(super) enum Receiver {
    Webhook(Webhook),
    Mail(Mail),
}

impl Receiver {
    /// All of a configuration, in its order.
    pub(super) fn all(settings: &Notify) -> Vec<Self> {
        let webhooks = settings.webhooks.iter().cloned().map(Self::Webhook);
        webhooks
            .chain(settings.mail.clone().map(Self::Mail))
            .collect()
    }

    pub(super) fn name(&self) -> &str {
        match self {
            Self::Webhook(webhook) => &webhook.name,
            Self::Mail(_) => MAIL,
        }
    }

    const fn interest(&self) -> &Interest {
        match self {
            Self::Webhook(webhook) => &webhook.interest,
            Self::Mail(mail) => &mail.interest,
        }
    }

    pub(super) fn addressee(&self) -> Addressee {
        Addressee {
            name: self.name().to_owned(),
            interest: self.interest().clone(),
        }
    }

    /// Sends what is to be delivered.
    pub(super) async fn send(
        &self,
        client: &Client,
        variable: &Variable,
        delivery: &Delivery,
        now: DateTime<Utc>,
    ) -> Result<(), NotifyError> {
        let message: Message = serde_json::from_value(delivery.message.clone())
            .map_err(|error| NotifyError::Form(error.to_string()))?;
        match self {
            Self::Webhook(webhook) => {
                webhook::send(client, webhook, variable, &delivery.id, &message, now).await
            }
            Self::Mail(mail) => mail::send(mail, variable, &delivery.id, &message).await,
        }
    }
}
