//! What can be told of an account from outside: how deployments stand, what functions printed and published.

use serde_json::Value;

use super::World;

impl World {
    /// The status of a deployment, whoever deploys.
    ///
    /// # Panics
    /// Where there is no such deployment: the test is wrong.
    #[must_use]
    pub fn status(&self, id: &str) -> String {
        let account = self.lock();
        let native = account.native.deployments.iter().find(|deployment| deployment.arn == id);
        let code = account.codedeploy.deployments.iter().find(|deployment| deployment.id == id);
        let status = native.map(|deployment| deployment.status).or(code.map(|deployment| deployment.status));
        status.unwrap_or_else(|| panic!("there is no deployment {id}")).to_owned()
    }

    /// How many requests of a service's production traffic no target has answered so far.
    #[must_use]
    pub fn lost(&self, service: &str) -> u64 {
        self.lock().balancer(service).lost
    }

    /// How many requests of a service's production traffic were lost, or answered with a 5xx status.
    #[must_use]
    pub fn failed(&self, service: &str) -> u64 {
        let mut account = self.lock();
        let balancer = account.balancer(service);
        balancer.lost + balancer.failed
    }

    /// How often an operation was called.
    #[must_use]
    pub fn calls(&self, operation: &str) -> u32 {
        self.lock().calls.get(operation).copied().unwrap_or(0)
    }

    /// The records so far, as `verdict reason`, each once in a row.
    #[must_use]
    pub fn records(&self) -> Vec<String> {
        let word = |record: &Value, key: &str| record[key].as_str().unwrap_or("?").to_owned();
        let say = |record: &Value| format!("{} {}", word(record, "verdict"), word(record, "reason"));
        let mut records: Vec<String> = self.full_records().iter().map(say).collect();
        records.dedup();
        records
    }

    /// The records so far.
    #[must_use]
    pub fn full_records(&self) -> Vec<Value> {
        let account = self.lock();
        let lines = account.printed.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.filter(|line| line["why"].is_string()).collect()
    }

    /// The newest record.
    ///
    /// # Panics
    /// Where there is none.
    #[must_use]
    pub fn record(&self) -> Value {
        self.full_records().pop().expect("a record")
    }

    /// Subjects of the messages so far.
    #[must_use]
    pub fn subjects(&self) -> Vec<String> {
        self.lock().published.iter().map(|message| message.subject.clone()).collect()
    }
}
