//! SSM: parameters.

use serde_json::{Value, json};

use super::{Answer, Refusal, text};
use crate::world::Account;

pub(super) fn get_parameter(account: &Account, input: &Value) -> Answer {
    let name = text(&input["Name"]);
    let value = account.parameters.get(&name).ok_or_else(|| Refusal::new("ParameterNotFound", ""))?;
    Ok(json!({"Parameter": {"Name": name, "Type": "String", "Value": value, "Version": 1, "DataType": "text"}}))
}
