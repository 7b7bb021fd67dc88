//! Which image a container names.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/container-considerations.html>

use crate::hook::judgement::Finding;
use crate::hook::rule::Rule;
use crate::scan::image_name::ImageName;

use super::Looked;

/// A tag that is moved with every push names another image tomorrow than it does today.
pub(super) fn check(looked: &Looked<'_>) -> Vec<Finding> {
    looked.each(Rule::MutableTag, |container| {
        let moves = ImageName::read(&container.image)
            .is_ok_and(|name| name.digest.is_none() && name.tag_or_latest() == "latest");
        let why = || format!("{} is whatever was pushed last", container.image);
        moves.then(|| (why(), "name the image by a tag of its own, or by its digest".to_owned()))
    })
}
