//! Layers, look-ups and hostile input.

use std::path::Path;

use proptest::prelude::*;

use super::*;

/// Reads `layer: text` sources, with an environment of `NAME=value` words.
fn config(sources: &[(Layer, &str)], environment: &str) -> NpmConfig {
    let files: Vec<Source<'_>> = sources
        .iter()
        .map(|&(layer, text)| Source { layer, file: Path::new(layer.name()), bytes: text.as_bytes() })
        .collect();
    NpmConfig::read(&files, &variables(environment)).unwrap()
}

fn variables(words: &str) -> Vec<(String, String)> {
    let pairs = words.split_whitespace().filter_map(|word| word.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn project(text: &str) -> NpmConfig {
    config(&[(Layer::Project, text)], "")
}

#[test]
fn the_strongest_layer_wins() {
    let files = [
        (Layer::User, "registry=https://user.example.org\naudit=false"),
        (Layer::Project, "registry=https://project.example.org"),
    ];
    assert_eq!(&*config(&files, "").registry().unwrap().value, "https://project.example.org");
    assert_eq!(config(&files, "").get("audit").unwrap().place.to_string(), "user:2:1");
    for name in ["npm_config_registry", "NPM_CONFIG_REGISTRY", "Npm_Config_Registry"] {
        let config = config(&files, &format!("{name}=https://variable.example.org"));
        assert_eq!(&*config.registry().unwrap().value, "https://variable.example.org");
    }
    assert!(project("registry=").registry().is_none() && project("").registry().is_none());
    assert!(project("[section]\nregistry=https://x.example.org").registry().is_none());
}

#[test]
fn variables_name_options_with_dashes() {
    let config = config(
        &[],
        "npm_config_strict_ssl=false npm_config__auth=eA== npm_config_//h.example.org/:_authToken=t",
    );
    assert!(!config.strict_ssl());
    assert!(config.get("_auth").is_some() && config.get("//h.example.org/:_authToken").is_some());
    assert_eq!(
        environment_setting(&variables("NPM_CONFIG_USERCONFIG=/x npm_config_x="), "userconfig"),
        Some("/x")
    );
}

#[test]
fn in_one_file_the_last_wins_and_lists_grow() {
    let config = project("a=1\na=2\nca[]=x\nca[]=y\nl=0\nl[]=1\n");
    assert_eq!(&*config.get("a").unwrap().value, "2");
    assert_eq!(config.ca(), ["x", "y"]);
    assert_eq!(config.list("l").len(), 2);
    assert_eq!(config.list("a").len(), 1);
}

#[test]
fn a_scope_has_its_own_registry() {
    let config = project("registry=https://r.example.org\n@team:registry=https://team.example.org/npm/\n");
    let of = |name: &str| config.registry_for(&PackageName::parse(name).unwrap()).unwrap().value.to_string();
    assert_eq!(of("@team/x"), "https://team.example.org/npm/");
    assert_eq!(of("@teams/x"), "https://r.example.org");
    assert_eq!(of("team"), "https://r.example.org");
    assert_eq!(config.registries().count(), 2);
}

#[test]
fn credentials_go_to_the_longest_prefix_and_nowhere_else() {
    let config = project(
        "registry=https://default.example.org/\n\
         //h.example.org/:_authToken=host\n\
         //h.example.org/team/:_authToken=team\n\
         //p.example.org:8443/:_auth=dTpw\n\
         //u.example.org/:username=u\n//u.example.org/:_password=cA==\n\
         _auth=ZDpk\n",
    );
    for (url, expected) in [
        ("https://h.example.org/lodash", Some("Bearer host")),
        ("https://H.example.org:443/lodash?x=/team/", Some("Bearer host")),
        ("https://h.example.org/team/lodash/-/lodash-1.0.0.tgz", Some("Bearer team")),
        ("https://h.example.org/team", Some("Bearer host")),
        ("https://h.example.org/team-evil/x", Some("Bearer host")),
        ("https://h.example.org.evil.example.net/x", None),
        ("https://evil.example.net/@h.example.org/", None),
        ("https://h.example.org@evil.example.net/", None),
        ("https://p.example.org:8443/x", Some("Basic dTpw")),
        ("https://p.example.org/x", None),
        ("https://u.example.org/x", Some("Basic dTpw")),
        ("https://default.example.org/x", Some("Basic ZDpk")),
        ("https://default.example.org.evil.example.net/x", None),
        ("not a url", None),
    ] {
        let found = config.credentials_for(url).map(|credentials| credentials.authorization());
        assert_eq!(found.as_deref(), expected, "{url}");
    }
}

#[test]
fn secrets_stay_out_of_debug_output() {
    let config =
        project("//h.example.org/:_authToken=npm_s3cret\n//h.example.org/:_password=s3cret\n_auth=s3cret");
    let shown = format!("{config:?} {:?}", config.credentials_for("https://h.example.org/"));
    assert!(!shown.contains("s3cret"), "{shown}");
}

#[test]
fn variables_in_files_come_from_the_environment() {
    let files = [(Layer::Project, "//h.example.org/:_authToken=${TOKEN}\n//${HOST}/:_authToken=x")];
    let config = config(&files, "TOKEN=t HOST=other.example.org");
    assert_eq!(config.credentials_for("https://h.example.org").unwrap().authorization(), "Bearer t");
    assert!(config.credentials_for("https://other.example.org").is_some());
    assert!(config.settings()[0].uses_variables() && !config.settings()[1].uses_variables());
}

#[test]
fn other_tools_name_registries_too() {
    let source = |file, text: &'static str| Source {
        layer: Layer::Project,
        file: Path::new(file),
        bytes: text.as_bytes(),
    };
    let sources =
        [source(".npmrc", "audit=false"), source(".yarnrc.yml", "npmRegistryServer: https://${HOST}/\n")];
    let config = NpmConfig::read(&sources, &variables("HOST=r.example.org")).unwrap();
    assert_eq!(&*config.registry().unwrap().value, "https://r.example.org/");
    assert_eq!(config.registry().unwrap().place.to_string(), ".yarnrc.yml:1:1");
}

#[test]
fn proxies_are_chosen_by_scheme_and_host() {
    let environment =
        variables("HTTPS_PROXY=http://p.example.org NO_PROXY=.internal.example.org,direct.example.org");
    let config = project("");
    let proxy = |url: &str| config.proxy_for(url, &environment).map(str::to_owned);
    assert_eq!(proxy("https://a.example.org/x").as_deref(), Some("http://p.example.org"));
    assert_eq!(proxy("http://a.example.org/x"), None);
    assert_eq!(proxy("https://r.internal.example.org/x"), None);
    assert_eq!(proxy("https://direct.example.org:8080/x"), None);
    assert!(proxy("https://indirect.example.org/x").is_some());
    let off = project("https-proxy=null");
    assert_eq!(off.proxy_for("https://a.example.org", &environment), None);
}

#[test]
fn a_file_beyond_the_limit_is_refused() {
    let bytes = vec![b'a'; MAX_FILE_BYTES + 1];
    let source = Source { layer: Layer::Project, file: Path::new(".npmrc"), bytes: &bytes };
    assert!(NpmConfig::read(&[source], &[]).is_err());
}

proptest! {
    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..400), url in "\\PC{0,60}", file in 0_usize..5) {
        let file = Path::new([".npmrc", ".yarnrc", ".yarnrc.yml", "pnpm-workspace.yaml", "bunfig.toml"][file]);
        let source = Source { layer: Layer::Project, file, bytes: &bytes };
        let config = NpmConfig::read(&[source], &variables("A=${A} B=x")).unwrap();
        let _ = (config.credentials_for(&url), config.registry(), config.ca(), config.proxy_for(&url, &[]));
    }

    #[test]
    fn what_is_quoted_comes_back(value in "[ -~]{0,40}") {
        prop_assume!(!value.contains("${"));
        let config = project(&format!("key={}", serde_json::to_string(&value).unwrap()));
        prop_assert_eq!(&*config.get("key").unwrap().value, value.trim());
    }

    #[test]
    fn lines_made_of_the_grammar_never_panic(text in "[a\\[\\]=;#\"'\\\\${}?:\\-\r\n /é@]{0,120}") {
        let config = config(&[(Layer::User, &text)], "a=b");
        for setting in config.settings() {
            let _ = (setting.host_scoped(), setting.option(), setting.is_secret(), setting.uses_variables());
        }
    }
}
