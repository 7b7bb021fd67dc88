//! Every tag there is: one table, from which slips of the pen are told and the documents are made.

/// A tag, as one function reads it. Tags that several functions read are in the table once for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag {
    /// The function that reads it, such as `cost-scaler`.
    pub function: &'static str,
    /// Its name, without the prefix.
    pub name: &'static str,
    /// What holds without it, as it would be written in the tag; none where no value says the same. A whole installation may
    /// have another default, by a parameter of the template.
    pub default: Option<&'static str>,
    /// What it means, for people: words of the tag and of the documents in backticks.
    pub meaning: &'static str,
}

/// Declares the tags of each function: a name, its default, and its meaning.
macro_rules! table {
    ($($function:literal { $($name:literal = $default:expr, $meaning:literal;)+ })+) => {
        /// Every tag, by function, in the order of the documents.
        pub const TABLE: &[Tag] = &[
            $($(Tag { function: $function, name: $name, default: $default, meaning: $meaning },)+)+
        ];

        /// The name of every tag, some more than once. A tag with the prefix that is not here is a fault, so that a slip of
        /// the pen is seen.
        pub const KNOWN: &[&str] = &[$($($name,)+)+];
    };
}

table! {
    "cost-scaler" {
        "scale" = Some("off"), "`off`, `shadow` (decides and says so, never acts) or `on`";
        "min" = None, "the fewest tasks; `on` needs it. Shadow proposes one from the last 15 days";
        "max" = None, "the most tasks; `on` needs it. Shadow proposes one, too";
        "cpu" = Some("70"), "target utilisation in percent, or `off`";
        "memory" = Some("guard"), "a target in percent that may raise; `guard`: from 80 % on nothing is taken away; or `off`";
        "requests" = Some("off"), "requests of the load balancer per task and minute";
        "backlog" = Some("off"), "an SQS queue and the messages per task, waiting and in flight: `orders 100`";
        "metric" = Some("off"), "a metric of your own, per task: `Shop/Jobs/Sum/Queue=orders 50`. `Sum` and `SampleCount` are \
                                 totals of the service, any other statistic a value per task";
        "alarms" = None, "names of alarms, separated by spaces, that concern this service besides those with its dimensions";
    }
    "canary-gate" {
        "gate" = Some("off"), "`off`, `shadow` (judges and says so, never acts) or `on`";
        "max-ratio" = Some("1.5"), "a rate of up to this many times the baseline's is acceptable";
        "min-excess" = Some("0.1"), "and the difference has to be at least so many percentage points";
        "max-error-rate" = Some("5"), "percent of the requests that may fail where there is no baseline";
        "max-response-ms" = Some("off"), "mean response time that is allowed where there is no baseline";
        "slow-ms" = Some("off"), "a request that takes longer is slow; slow requests are then judged like errors";
        "slow-ratio" = Some("2"), "a slow rate of up to this many times the baseline's is acceptable";
        "warm-up" = Some("2m"), "the canary's first minutes count for guards only";
        "alpha" = Some("0.01"), "chance of stopping a good release, over the whole deployment";
        "beta" = Some("0.05"), "chance of calling a bad release good early, at each step";
        "ok-rate" = Some("0.1"), "percent; a rate shown to be below this is good whatever the baseline does";
        "patience" = Some("10m"), "how long a step waits for evidence";
        "on-inconclusive" = Some("pass"), "what then: `pass`, `fail`, or `hold` until the hook is about to end";
        "bake" = Some("10m"), "how long the new version has to serve all traffic; what the platform bakes itself counts. At \
                               most 50m";
        "alarms" = None, "names of alarms, separated by spaces, that stop this service's deployments";
        "gate-metric" = Some("off"), "metrics of your own with the value that is too much: `Shop/Failures/Sum/Service=shop \
                                      50`, several with ` + ` between them";
        "break-glass" = None, "`2026-11-27T12:00:00Z why`: opens the gate until then, at most four hours ahead; every use is \
                               published";
    }
    "deploy-hook" {
        "hook" = Some("off"), "`off`, `shadow` (looks and says so, never fails a stage) or `on`";
        "preflight" = Some("warn"), "`warn`, `block` or `off` for what is unwise; single rules behind it: `block \
                                     mutable_tag=warn root_user=off:xray-daemon`";
        "smoke" = Some("off"), "`GET /health 200 500ms host=shop.example.com`, several with ` + ` between them; or the SSM \
                                parameter with the long form";
        "patience" = Some("10m"), "how long a stage waits for tasks, targets, and what can't be read";
        "alarms" = None, "names of alarms, separated by spaces, that have to be quiet, besides the deployment's own";
        "scan" = Some("off"), "`shadow` makes verdicts on images warnings; `off` leaves them to block";
        "break-glass" = None, "as for the canary gate";
    }
    "scan-gate" {
        "scan" = Some("off"), "`off`, `shadow` (judges and says so, never acts) or `on`";
        "break-glass" = None, "as for the canary gate";
    }
}
