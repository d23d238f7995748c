//! The workspace's packages and their features, from `cargo metadata`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::{Result, process};

/// One package of the workspace.
pub(crate) struct Package {
    /// As in its manifest.
    pub(crate) name: String,
    /// Every feature but `default`, with what it turns on (`dep:x` and `x/y` included).
    features: BTreeMap<String, Vec<String>>,
}

/// All packages of the workspace, in manifest order.
pub(crate) fn packages() -> Result<Vec<Package>> {
    let text = process::output(process::cargo("metadata").args(["--format-version=1", "--no-deps"]))?;
    parse(&text).ok_or_else(|| "`cargo metadata` printed something unexpected".to_owned())
}

fn parse(text: &str) -> Option<Vec<Package>> {
    let metadata: Value = serde_json::from_str(text).ok()?;
    metadata["packages"].as_array()?.iter().map(package).collect()
}

fn package(package: &Value) -> Option<Package> {
    let mut features = BTreeMap::new();
    for (name, implied) in package["features"].as_object()?.iter().filter(|(name, _)| *name != "default") {
        let implied = implied.as_array()?.iter().map(|v| v.as_str().map(str::to_owned)).collect::<Option<_>>()?;
        features.insert(name.clone(), implied);
    }
    Some(Package { name: package["name"].as_str()?.to_owned(), features })
}

impl Package {
    /// Every distinct set of features, the empty one first: the power set, less those that another one already implies.
    pub(crate) fn feature_sets(&self) -> Vec<String> {
        let names: Vec<&str> = self.features.keys().map(String::as_str).collect();
        let sets: BTreeSet<Vec<&str>> = (0..1_usize << names.len())
            .map(|bits| {
                let chosen = names.iter().enumerate().filter(|(i, _)| bits >> i & 1 == 1).map(|(_, name)| *name);
                self.closure(chosen.collect())
            })
            .collect();
        let mut sets: Vec<_> = sets.into_iter().collect();
        sets.sort_by_key(Vec::len);
        sets.into_iter().map(|set| set.join(",")).collect()
    }

    /// `chosen` with everything it turns on in this package.
    fn closure<'a>(&'a self, mut chosen: BTreeSet<&'a str>) -> Vec<&'a str> {
        loop {
            let implied = chosen.iter().filter_map(|name| self.features.get(*name)).flatten();
            let implied: Vec<&str> =
                implied.map(String::as_str).filter(|name| self.features.contains_key(*name)).collect();
            let before = chosen.len();
            chosen.extend(implied);
            if chosen.len() == before {
                return chosen.into_iter().collect();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_that_turn_on_the_same_features_appear_once() {
        let text = r#"{"packages": [{"name": "p", "features": {
            "default": ["io"], "io": ["dep:io"], "io-async": ["dep:io-async", "io"], "log": ["dep:log", "io?/log"]}}]}"#;
        let packages = parse(text).unwrap();
        let expected = ["", "io", "log", "io,io-async", "io,log", "io,io-async,log"];
        assert_eq!(packages[0].feature_sets(), expected);
    }

    #[test]
    fn a_package_without_features_has_one_set() {
        let packages = parse(r#"{"packages": [{"name": "p", "features": {}}]}"#).unwrap();
        assert_eq!(packages[0].feature_sets(), [""]);
    }
}
