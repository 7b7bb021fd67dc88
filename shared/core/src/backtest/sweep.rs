//! The same trace over many targets, compared at equal unmet demand.
//!
//! At one target alone every scaler costs about the same and what differs is the demand left unmet, so each target
//! gives one point of a curve of cost over unmet demand, and the curves are compared where they lie over each other.

use serde::{Deserialize, Serialize};

use super::run::Figures;

/// One target, and what it came to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Target utilisation in percent.
    pub target: f64,
    /// What the pass came to.
    pub figures: Figures,
}

/// How one scaler's curve lies to another's.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Where the curves lie over each other; None where they don't.
    pub equal: Option<EqualUnmet>,
    /// How many of the other's best targets are beaten outright: some target of the first leaves no more unmet and costs
    /// no more, and one of the two less.
    pub beaten: Beaten,
    /// How many of the first's best targets are beaten outright by the other.
    pub beaten_by: Beaten,
}

/// The bills at the same unmet demand.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EqualUnmet {
    /// Their mean ratio; below 1 the first is the cheaper one.
    pub bill_ratio: f64,
    /// The least share of unmet demand that both reach, from 0 to 1.
    pub least: f64,
    /// The largest share that both reach, from 0 to 1.
    pub most: f64,
}

/// So many of so many best targets: those that no other target of the same scaler beats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beaten {
    /// So many targets.
    pub targets: usize,
    /// Of so many.
    pub of: usize,
}

/// Compares two curves.
#[must_use]
pub fn compare(ours: &[Outcome], theirs: &[Outcome]) -> Comparison {
    let (ours, theirs) = (curve(ours), curve(theirs));
    Comparison { equal: equal(&ours, &theirs), beaten: beaten(&ours, &theirs), beaten_by: beaten(&theirs, &ours) }
}

/// Less unmet demand than one part in a million is as good as none.
const NONE: f64 = 1e-6;

/// Shares of unmet demand at which two curves are compared.
const STEPS: i32 = 40;

/// One point of a curve: the logarithm of the unmet share, and the bill.
#[derive(Clone, Copy)]
struct At {
    unmet: f64,
    billed: f64,
}

impl From<&Outcome> for At {
    fn from(outcome: &Outcome) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "task-seconds are far below 2^52")]
        let billed = outcome.figures.billed_s as f64;
        Self { unmet: outcome.figures.unmet_share().max(NONE).log10(), billed }
    }
}

fn beaten(ours: &[At], theirs: &[At]) -> Beaten {
    let best: Vec<&At> = theirs.iter().filter(|their| !theirs.iter().any(|other| other.beats(their))).collect();
    let beaten = best.iter().filter(|their| ours.iter().any(|our| our.beats(their)));
    Beaten { targets: beaten.count(), of: best.len() }
}

fn equal(ours: &[At], theirs: &[At]) -> Option<EqualUnmet> {
    let least = ours.first()?.unmet.max(theirs.first()?.unmet);
    let most = ours.last()?.unmet.min(theirs.last()?.unmet);
    if least > most {
        return None;
    }
    if least >= most {
        // They touch where neither leaves anything, or in one point: the cheapest that leaves no more.
        let cheapest = |curve: &[At]| curve.iter().filter(|at| at.unmet <= most).map(|at| at.billed).reduce(f64::min);
        let bill_ratio = cheapest(ours)? / cheapest(theirs)?;
        return Some(EqualUnmet { bill_ratio, least: share(least), most: share(most) });
    }
    let shares = (0..=STEPS).map(|step| least + (most - least) * f64::from(step) / f64::from(STEPS));
    let ratios: Vec<f64> =
        shares.filter_map(|unmet| Some(billed_at(ours, unmet)? / billed_at(theirs, unmet)?)).collect();
    let count = u32::try_from(ratios.len()).ok().filter(|count| *count > 0)?;
    let bill_ratio = ratios.iter().sum::<f64>() / f64::from(count);
    Some(EqualUnmet { bill_ratio, least: share(least), most: share(most) })
}

/// The share that a logarithm stands for.
fn share(unmet: f64) -> f64 {
    if unmet <= NONE.log10() { 0.0 } else { 10_f64.powf(unmet) }
}

impl At {
    fn beats(&self, other: &Self) -> bool {
        let no_worse = self.unmet <= other.unmet && self.billed <= other.billed;
        no_worse && (self.unmet < other.unmet || self.billed < other.billed)
    }
}

fn curve(outcomes: &[Outcome]) -> Vec<At> {
    let mut curve: Vec<At> = outcomes.iter().map(At::from).collect();
    curve.sort_by(|a, b| a.unmet.total_cmp(&b.unmet));
    curve
}

/// The bill at a given unmet demand, on the line between the two nearest targets; the cheapest where there are several.
fn billed_at(curve: &[At], unmet: f64) -> Option<f64> {
    let between = curve.windows(2).filter_map(|pair| {
        let [from, to] = pair else { return None };
        let share = if to.unmet > from.unmet { (unmet - from.unmet) / (to.unmet - from.unmet) } else { 0.0 };
        (from.unmet <= unmet && unmet <= to.unmet).then_some(from.billed + share * (to.billed - from.billed))
    });
    between.reduce(f64::min)
}
