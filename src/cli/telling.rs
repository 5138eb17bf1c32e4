//! Who is told what of a cycle, as a configuration says.

use std::time::Duration;

use crate::config::Configuration;
use crate::notify::{Clock, EndedCycle, Figures, Teller, Variable, missing};
use crate::store::ledger::Ledger;

use super::arguments::Common;
use super::output;

/// How long a command that ends now takes to tell people; what is left waits in the ledger.
const PATIENCE: Duration = Duration::from_secs(30);

/// Who tells people; none where nobody is to be told, or nothing may be noted. Receivers that
/// cannot be told as things are, are warned of.
///
/// # Errors
/// TLS cannot be set up.
pub fn teller(
    configuration: &Configuration,
    common: &Common,
    ledger: Option<&Ledger>,
    clock: &Clock,
    figures: &Figures,
) -> anyhow::Result<Option<Teller>> {
    let settings = &configuration.notify;
    let Some(ledger) = ledger.filter(|ledger| ledger.is_written()) else {
        return Ok(None);
    };
    let variable = Variable::of_process();
    for sentence in missing(settings, &variable) {
        output::warn(common, &format!("cannot be told as it is: {sentence}"));
    }
    let teller = Teller::new(
        settings,
        ledger.clone(),
        variable,
        clock.clone(),
        figures.clone(),
    )?;
    Ok(Some(teller))
}

/// Tells people of a cycle by hand.
pub async fn tell(teller: Option<&Teller>, cycle: &EndedCycle<'_>) {
    if let Some(teller) = teller {
        teller.after_all(cycle, PATIENCE).await;
    }
}
