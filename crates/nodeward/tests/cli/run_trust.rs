//! What a start takes from its surroundings, where somebody else may have put it: variables, the current folder.

use crate::nodes::nodes;
use crate::run::{App, assert_not_started, of};

#[test]
fn a_quoted_option_stays_one_word() {
    let app = App::new("console.log(process.title); require('./listed.js');\n");
    for (version, node) in nodes() {
        let mut command = app.guarded(&node, &[], &["app.js"]);
        let ran = of(command.env("NODE_OPTIONS", "\"--title=x --inspect=127.0.0.1:0\""));
        assert_eq!((ran.code, &*ran.out), (0, "x --inspect=127.0.0.1:0\n"), "Node.js {version}: {}", ran.err);
        assert!(!ran.err.contains("Debugger"), "Node.js {version}: {}", ran.err);
    }
}

#[test]
fn a_variable_names_no_native_code() {
    let app = App::new("console.log(require('./listed.js'));\n");
    for (version, node) in nodes() {
        let ran = of(app.guarded(&node, &[], &["app.js"]).env("NODEWARD_ADDON", app.path("evil.js")));
        assert_eq!((ran.code, &*ran.out), (0, "listed\n"), "Node.js {version}: {}", ran.err);
        // The same on the command line is what was asked for.
        let named = app.run(&node, &["--addon", "evil.js"], &["app.js"]);
        assert!(named.code != 0 && named.out.is_empty(), "Node.js {version}: {}", named.out);
    }
}

#[test]
fn a_variable_opens_certificates_only() {
    let app = App::new(
        "for (const name of ['secret.txt', 'ca.pem']) {\n\
           try { console.log(require('fs').readFileSync(name, 'utf8').slice(0, 10)); } catch (error) { console.log(error.code); }\n\
         }\n\
         require('./listed.js');\n",
    );
    app.write("secret.txt", "a password");
    app.write("ca.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n");
    let folder = app.path("");
    for (version, node) in nodes() {
        for (name, value, expected) in [
            ("SSL_CERT_FILE", app.path("secret.txt"), "EACCES\nEACCES\n"),
            ("SSL_CERT_DIR", folder.clone(), "EACCES\n-----BEGIN\n"),
            ("SSL_CERT_FILE", app.path("ca.pem"), "EACCES\n-----BEGIN\n"),
        ] {
            let ran = of(app.guarded(&node, &[], &["app.js"]).env(name, &value));
            assert_eq!((ran.code, &*ran.out), (0, expected), "Node.js {version} {name}: {}", ran.err);
        }
    }
}

#[test]
fn the_projects_configuration_holds_wherever_it_is_started() {
    let app = App::new("console.log(require('./listed.js'));\n");
    app.write("nodeward.toml", "[run]\nkey = \"owner.pub\"\n");
    app.write(
        "owner.pub",
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n",
    );
    let main = app.path("app.js");
    for (version, node) in nodes() {
        let mut command = app.guarded(&node, &[], &[main.to_str().unwrap()]);
        assert_not_started(&of(command.current_dir("/")), "not signed", version);
    }
}

#[test]
fn a_seal_that_can_not_be_read_is_not_passed_over() {
    let app = App::new("require('./listed.js');\n");
    std::fs::create_dir(app.path("below")).unwrap();
    app.write("below/app.js", "console.log('of the seal above');\n");
    let sealed = app.nodeward(&["seal", "app.js", "below/app.js"]);
    assert_eq!(sealed.code, 0, "{}", sealed.err);
    let seal = app.path("below/nodeward.seal.json");
    for (version, node) in nodes() {
        let ran = app.run(&node, &[], &["below/app.js"]);
        assert_eq!((ran.code, &*ran.out), (0, "of the seal above\n"), "Node.js {version}: {}", ran.err);
        // A link to itself stands for what may not be looked at, which the administrator always may.
        for target in ["nodeward.seal.json", "gone"] {
            std::os::unix::fs::symlink(target, &seal).unwrap();
            assert_not_started(&app.run(&node, &[], &["below/app.js"]), "below/nodeward.seal.json", version);
            std::fs::remove_file(&seal).unwrap();
        }
        std::fs::create_dir(&seal).unwrap();
        assert_not_started(&app.run(&node, &[], &["below/app.js"]), "not a regular file", version);
        std::fs::remove_dir(&seal).unwrap();
    }
}
