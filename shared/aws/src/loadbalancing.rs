//! Elastic Load Balancing: target groups, weights, and the health of targets.

use crate::bare::xml::{Read, Tag, elements, members, number, result, text};
use crate::bare::{Ask, Service};
use crate::batch::those_there;
use crate::error::{Kind, PortError, chain, unless_gone};
use crate::sdk::Aws;

/// The calls that are used.
pub trait LoadBalancing {
    /// `DescribeTargetGroups` by name. Those that are gone are left out.
    async fn target_groups_by_name(&self, names: &[String]) -> Result<Vec<TargetGroup>, PortError>;

    /// `DescribeTargetGroups` by ARN. Those that are gone are left out.
    async fn target_groups_by_arn(&self, arns: &[String]) -> Result<Vec<TargetGroup>, PortError>;

    /// `DescribeTargetHealth`: every target of a target group.
    async fn target_health(&self, target_group: &str) -> Result<Vec<TargetHealth>, PortError>;

    /// `DescribeRules` by ARN: how a listener rule splits its traffic among target groups. Empty where it is gone.
    async fn rule_weights(&self, rule: &str) -> Result<Vec<Weight>, PortError>;

    /// `DescribeListeners` by ARN: how a listener's default action splits its traffic. Empty where it is gone.
    async fn listener_weights(&self, listener: &str) -> Result<Vec<Weight>, PortError>;
}

/// `DescribeTargetGroups` takes no more, as its errors say and its documentation does not.
const TARGET_GROUPS_PER_CALL: usize = 20;

/// A target group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetGroup {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// ARNs of the load balancers that send to it.
    pub load_balancers: Vec<String>,
}

impl TargetGroup {
    /// `targetgroup/name/id`, as CloudWatch names it.
    #[must_use]
    pub fn dimension(&self) -> &str {
        self.arn.rsplit(':').next().unwrap_or(&self.arn)
    }

    /// `app/name/id` of the Application Load Balancer that sends to it, as CloudWatch names it. None for any other kind,
    /// which counts no requests.
    #[must_use]
    pub fn application_load_balancer(&self) -> Option<&str> {
        let mut names = self.load_balancers.iter().filter_map(|arn| Some(arn.split_once(":loadbalancer/")?.1));
        names.find(|name| name.starts_with("app/"))
    }
}

/// A target with its health.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetHealth {
    /// Such as `10.0.1.7:8080`.
    pub target: String,
    /// `healthy`, `unhealthy`, `initial`, `draining`, `unused`, `unavailable`, as the load balancer writes it.
    pub state: String,
    /// The load balancer's reason and its description; empty where the target is healthy.
    pub why: String,
}

/// The weight of a target group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weight {
    /// Its ARN.
    pub target_group: String,
    /// Its weight, relative to the others.
    pub weight: u32,
}

pub(crate) const SERVICE: Service =
    Service { id: "Elastic Load Balancing v2", host: "elasticloadbalancing", signed_for: "elasticloadbalancing" };

impl LoadBalancing for Aws {
    async fn target_groups_by_name(&self, names: &[String]) -> Result<Vec<TargetGroup>, PortError> {
        those_there(names, TARGET_GROUPS_PER_CALL, async |names| self.target_groups("Names", names).await).await
    }

    async fn target_groups_by_arn(&self, arns: &[String]) -> Result<Vec<TargetGroup>, PortError> {
        those_there(arns, TARGET_GROUPS_PER_CALL, async |arns| self.target_groups("TargetGroupArns", arns).await).await
    }

    async fn target_health(&self, target_group: &str) -> Result<Vec<TargetHealth>, PortError> {
        let mut targets = Vec::new();
        let fields = [("TargetGroupArn".to_owned(), target_group)];
        let read = |name: &str, tag: &mut Tag<'_, '_>| {
            if name == "TargetHealthDescriptions" {
                targets = members(tag, target_health)?;
            }
            Ok(())
        };
        self.asks_elb("DescribeTargetHealth", &fields, read).await?;
        Ok(targets)
    }

    async fn rule_weights(&self, rule: &str) -> Result<Vec<Weight>, PortError> {
        self.weights("DescribeRules", ("RuleArns.member.1", rule), ("Rules", "Actions")).await
    }

    async fn listener_weights(&self, listener: &str) -> Result<Vec<Weight>, PortError> {
        let asked = ("ListenerArns.member.1", listener);
        self.weights("DescribeListeners", asked, ("Listeners", "DefaultActions")).await
    }
}

impl Aws {
    /// `DescribeTargetGroups` for a list.
    async fn target_groups(&self, list: &str, asked: &[String]) -> Result<Vec<TargetGroup>, PortError> {
        let fields: Vec<(String, &str)> =
            (1..).zip(asked).map(|(number, asked)| (format!("{list}.member.{number}"), &**asked)).collect();
        let mut found = Vec::new();
        let read = |name: &str, tag: &mut Tag<'_, '_>| {
            if name == "TargetGroups" {
                found = members(tag, target_group)?;
            }
            Ok(())
        };
        self.asks_elb("DescribeTargetGroups", &fields, read).await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// What the actions say of whatever is described. Empty where it is gone.
    async fn weights(
        &self,
        operation: &'static str,
        (field, asked): (&str, &str),
        (list, actions): (&str, &str),
    ) -> Result<Vec<Weight>, PortError> {
        let mut found = Vec::new();
        let read = |name: &str, tag: &mut Tag<'_, '_>| {
            if name == list {
                let each = members(tag, |tag| {
                    let mut weights = Vec::new();
                    elements(tag, |name, tag| {
                        if name == actions {
                            weights = members(tag, action)?;
                        }
                        Ok(())
                    })?;
                    Ok(weights)
                })?;
                found = each.into_iter().flatten().flatten().collect();
            }
            Ok(())
        };
        unless_gone(self.asks_elb(operation, &[(field.to_owned(), asked)], read).await)?;
        Ok(found)
    }

    /// Reads what a load balancer says.
    pub(crate) async fn asks_elb(
        &self,
        operation: &'static str,
        fields: &[(String, &str)],
        read: impl FnMut(&str, &mut Tag<'_, '_>) -> Read<()>,
    ) -> Result<(), PortError> {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (&**name, *value)).collect();
        let answer = self.elb.ask(operation, Ask::form(operation, "2015-12-01", &fields)).await?;
        let garbled = |error| PortError::new(operation, Kind::Garbled, chain(&error));
        result(operation, &answer.body, read).map_err(garbled)
    }
}

fn target_group(tag: &mut Tag<'_, '_>) -> Read<Option<TargetGroup>> {
    let (mut arn, mut name_of, mut load_balancers) = (None, String::new(), Vec::new());
    elements(tag, |name, tag| {
        match name {
            "TargetGroupArn" => arn = Some(text(tag)?),
            "TargetGroupName" => name_of = text(tag)?,
            "LoadBalancerArns" => load_balancers = members(tag, text)?,
            _ => {}
        }
        Ok(())
    })?;
    Ok(arn.map(|arn| TargetGroup { arn, name: name_of, load_balancers }))
}

fn target_health(tag: &mut Tag<'_, '_>) -> Read<TargetHealth> {
    let (mut id, mut port, mut state, mut why) = (String::new(), None, String::new(), [None, None]);
    elements(tag, |name, tag| match name {
        "Target" => elements(tag, |name, tag| {
            match name {
                "Id" => id = text(tag)?,
                "Port" => port = Some(number(tag)?),
                _ => {}
            }
            Ok(())
        }),
        "TargetHealth" => elements(tag, |name, tag| {
            match name {
                "State" => state = text(tag)?,
                "Reason" => why[0] = Some(text(tag)?),
                "Description" => why[1] = Some(text(tag)?),
                _ => {}
            }
            Ok(())
        }),
        _ => Ok(()),
    })?;
    Ok(TargetHealth {
        target: port.map_or_else(|| id.clone(), |port| format!("{id}:{port}")),
        state,
        why: why.into_iter().flatten().collect::<Vec<_>>().join(": "),
    })
}

/// What an action says, where it is a forwarding one. A forward to one target group may leave the weights out.
fn action(tag: &mut Tag<'_, '_>) -> Read<Vec<Weight>> {
    let (mut forwards, mut alone, mut listed) = (false, None, Vec::new());
    elements(tag, |name, tag| {
        match name {
            "Type" => forwards = text(tag)? == "forward",
            "TargetGroupArn" => alone = Some(text(tag)?),
            "ForwardConfig" => elements(tag, |name, tag| {
                if name == "TargetGroups" {
                    listed = members(tag, weight)?;
                }
                Ok(())
            })?,
            _ => {}
        }
        Ok(())
    })?;
    let alone = alone.filter(|_| listed.is_empty()).map(|target_group| Weight { target_group, weight: 1 });
    let split = listed.into_iter().flatten().chain(alone);
    Ok(split.filter(|_| forwards).collect())
}

fn weight(tag: &mut Tag<'_, '_>) -> Read<Option<Weight>> {
    let (mut arn, mut weight) = (None, 1);
    elements(tag, |name, tag| {
        match name {
            "TargetGroupArn" => arn = Some(text(tag)?),
            "Weight" => weight = u32::try_from(number(tag)?).unwrap_or(0),
            _ => {}
        }
        Ok(())
    })?;
    Ok(arn.map(|target_group| Weight { target_group, weight }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::Canned;

    const GROUP: &str = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/blue/1";

    fn answer(operation: &str, result: &str) -> String {
        format!(
            r#"<?xml version="1.0"?><{operation}Response xmlns="http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/">
                <{operation}Result>{result}</{operation}Result>
                <ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></{operation}Response>"#
        )
    }

    fn error(code: &str) -> String {
        format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>so</Message></Error></ErrorResponse>"
        )
    }

    fn weights(weights: &[(&str, u32)]) -> Vec<Weight> {
        weights.iter().map(|(group, weight)| Weight { target_group: (*group).to_owned(), weight: *weight }).collect()
    }

    #[tokio::test]
    async fn target_groups_are_found_and_those_that_are_gone_left_out() {
        let blue = answer(
            "DescribeTargetGroups",
            &format!(
                "<TargetGroups><member><TargetGroupArn>{GROUP}</TargetGroupArn><TargetGroupName>blue</TargetGroupName>
                    <Matcher><HttpCode>200</HttpCode></Matcher><NewThing><member>1</member></NewThing>
                    <LoadBalancerArns><member>arn:a:loadbalancer/net/x/1</member><member>arn:a:loadbalancer/app/shop/2</member></LoadBalancerArns>
                    </member><member><TargetGroupName>nameless</TargetGroupName></member></TargetGroups>"
            ),
        );
        let gone = error("TargetGroupNotFound");
        let (aws, canned) = Canned::aws([(400, &*gone), (400, &*gone), (200, &*blue)]).await;
        let names = ["gone".to_owned(), "blue & co".to_owned()];
        let found = aws.target_groups_by_name(&names).await.expect("target groups");
        let names: Vec<&str> = found.iter().map(|group| &*group.name).collect();
        assert_eq!((names, found[0].dimension()), (vec!["blue"], "targetgroup/blue/1"));
        assert_eq!(found[0].application_load_balancer(), Some("app/shop/2"));
        let asked = canned.asked();
        let both = "Action=DescribeTargetGroups&Version=2015-12-01&Names.member.1=gone&Names.member.2=blue%20%26%20co";
        assert_eq!(asked[0].body, both);
        assert_eq!(asked[2].body, "Action=DescribeTargetGroups&Version=2015-12-01&Names.member.1=blue%20%26%20co");
        let signed = asked[0].headers.get("authorization").map(String::as_str).unwrap_or_default();
        assert!(signed.contains("/eu-west-1/elasticloadbalancing/aws4_request"), "{signed}");
    }

    #[tokio::test]
    async fn a_target_has_its_state_and_the_reason() {
        let body = answer(
            "DescribeTargetHealth",
            "<TargetHealthDescriptions>
                <member><Target><Id>10.0.1.7</Id><Port>8080</Port></Target><TargetHealth><State>unhealthy</State>
                    <Reason>Target.ResponseCodeMismatch</Reason><Description>codes: [500] &amp; more</Description></TargetHealth></member>
                <member><HealthCheckPort>80</HealthCheckPort><Target><Id>i-1</Id></Target><TargetHealth><State>napping</State></TargetHealth></member>
                <member/></TargetHealthDescriptions>",
        );
        let (aws, canned) = Canned::aws([(200, &*body)]).await;
        let of = |target: &str, state: &str, why: &str| TargetHealth {
            target: target.to_owned(),
            state: state.to_owned(),
            why: why.to_owned(),
        };
        let first = of("10.0.1.7:8080", "unhealthy", "Target.ResponseCodeMismatch: codes: [500] & more");
        let expected = vec![first, of("i-1", "napping", ""), of("", "", "")];
        assert_eq!(aws.target_health(GROUP).await, Ok(expected));
        assert!(canned.asked()[0].body.contains("&TargetGroupArn=arn%3Aaws%3A"), "{:?}", canned.asked());
    }

    #[tokio::test]
    async fn traffic_is_split_by_the_forwarding_actions() {
        let split = "<member><Type>authenticate-oidc</Type><TargetGroupArn>arn:not</TargetGroupArn></member>
            <member><TargetGroupArn>arn:blue</TargetGroupArn><Type>forward</Type><ForwardConfig><TargetGroups>
                <member><TargetGroupArn>arn:blue</TargetGroupArn><Weight>90</Weight></member>
                <member><Weight>10</Weight><TargetGroupArn>arn:green</TargetGroupArn></member>
                <member><TargetGroupArn>arn:plain</TargetGroupArn></member>
                </TargetGroups><TargetGroupStickinessConfig><Enabled>false</Enabled></TargetGroupStickinessConfig></ForwardConfig></member>";
        let alone = "<member><Type>forward</Type><TargetGroupArn>arn:blue</TargetGroupArn></member>";
        let rules = answer(
            "DescribeRules",
            &format!("<Rules><member><Priority>1</Priority><Actions>{split}</Actions></member></Rules>"),
        );
        let listeners = answer(
            "DescribeListeners",
            &format!("<Listeners><member><DefaultActions>{alone}</DefaultActions></member></Listeners>"),
        );
        let (rule_gone, listener_gone) = (error("RuleNotFound"), error("ListenerNotFound"));
        let answers = [(200, &*rules), (400, &*rule_gone), (200, &*listeners), (400, &*listener_gone)];
        let (aws, canned) = Canned::aws(answers).await;
        let expected = weights(&[("arn:blue", 90), ("arn:green", 10), ("arn:plain", 1)]);
        assert_eq!(aws.rule_weights("arn:rule").await, Ok(expected));
        assert_eq!(aws.rule_weights("arn:rule").await, Ok(Vec::new()), "it is gone");
        assert_eq!(aws.listener_weights("arn:listener").await, Ok(weights(&[("arn:blue", 1)])));
        assert_eq!(aws.listener_weights("arn:listener").await, Ok(Vec::new()), "it is gone");
        let bodies: Vec<String> = canned.asked().into_iter().map(|call| call.body).collect();
        assert_eq!(bodies[0], "Action=DescribeRules&Version=2015-12-01&RuleArns.member.1=arn%3Arule");
        assert_eq!(bodies[2], "Action=DescribeListeners&Version=2015-12-01&ListenerArns.member.1=arn%3Alistener");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_not_answered_is_an_error_of_its_kind() {
        let (throttled, denied) = (error("Throttling"), error("AccessDenied"));
        let port = answer(
            "DescribeTargetHealth",
            "<TargetHealthDescriptions><member><Target><Port>http</Port></Target></member></TargetHealthDescriptions>",
        );
        let mut answers = vec![(400, &*throttled); 6];
        answers.extend([(403, &*denied), (200, "<html><body>Bad Gateway</body></html>"), (200, "no"), (200, &*port)]);
        let (aws, canned) = Canned::aws(answers).await;
        for kind in [Kind::Throttled, Kind::Denied, Kind::Garbled, Kind::Garbled, Kind::Garbled] {
            let error = aws.target_health(GROUP).await.expect_err("an error");
            assert_eq!((error.operation, error.kind), ("DescribeTargetHealth", kind), "{error}");
        }
        assert_eq!(canned.asked().len(), 10);
    }
}
