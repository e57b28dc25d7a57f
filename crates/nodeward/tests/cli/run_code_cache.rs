//! The code cache of a sealed program: used as it was sealed, and never another.

use std::path::PathBuf;

use crate::nodes::nodes;
use crate::run::{App, assert_not_started, of};

/// Seals with the code of every Node.js that has such a cache; gives those.
fn seal_with_code_cache(app: &App) -> Vec<(u32, PathBuf)> {
    let newer: Vec<_> = nodes().into_iter().filter(|(version, _)| *version >= 22).collect();
    let mut arguments = vec!["--code-cache", "--code-cache-wait", "1"];
    newer.iter().for_each(|(_, node)| arguments.extend(["--node", node.to_str().unwrap()]));
    if !newer.is_empty() {
        app.seal(&arguments);
    }
    newer
}

#[test]
fn a_poisoned_code_cache_is_not_used() {
    let app = App::new("require('./listed.js');\n");
    let (good, evil) = ("console.log('harmless');\n", "console.log('PAYLOAD!');\n");
    for (version, node) in nodes().into_iter().filter(|(version, _)| *version >= 22) {
        let cached = |text: &str, folder: &str| {
            app.write("listed.js", text);
            let ran = of(app.plain(&node, &["app.js"]).env("NODE_COMPILE_CACHE", app.path(folder)));
            assert_eq!(ran.code, 0, "{}", ran.err);
            let inner = std::fs::read_dir(app.path(folder)).unwrap().next().unwrap().unwrap().path();
            let files = std::fs::read_dir(inner).unwrap().map(|file| file.unwrap().path());
            files.map(|file| (file.clone(), std::fs::read(file).unwrap())).collect::<Vec<_>>()
        };
        let (ours, theirs) = (format!("ours-{version}"), format!("theirs-{version}"));
        let honest = cached(good, &ours);
        for (file, mut bytes) in cached(evil, &theirs) {
            let same = honest.iter().find(|(known, _)| known.file_name() == file.file_name()).unwrap();
            // Size and checksum of the source that it claims to be of.
            bytes[4..8].copy_from_slice(&same.1[4..8]);
            bytes[12..16].copy_from_slice(&same.1[12..16]);
            std::fs::write(file, bytes).unwrap();
        }
        app.write("listed.js", good);
        app.seal(&[]);
        let poison = app.path(&theirs);
        let plain = of(app.plain(&node, &["app.js"]).env("NODE_COMPILE_CACHE", &poison));
        assert_eq!(plain.out, "PAYLOAD!\n", "Node.js {version}");
        let ran = of(app.guarded(&node, &[], &["app.js"]).env("NODE_COMPILE_CACHE", &poison));
        assert_eq!((ran.code, &*ran.out), (0, "harmless\n"), "Node.js {version}: {}", ran.err);
    }
}

#[test]
fn a_sealed_code_cache_is_used_and_only_as_sealed() {
    let app = App::new(
        "console.log(require('node:module').getCompileCacheDir?.() !== undefined);\n\
         try { require('fs').writeFileSync(require('node:module').getCompileCacheDir() + '/x', ''); }\n\
         catch (error) { console.log(error.code); }\n\
         require('node:http').createServer().listen(0);\n\
         if (process.env.END) process.exit();\n",
    );
    let newer = seal_with_code_cache(&app);
    if newer.is_empty() {
        return;
    }
    for (version, node) in nodes() {
        let ran = of(app.guarded(&node, &[], &["app.js"]).env("END", "1"));
        let first = if version >= 22 { "true\nEACCES\n" } else { "false\nundefined\n" };
        assert_eq!((ran.code, &*ran.out), (0, first), "Node.js {version}: {}", ran.err);
    }
    let files: Vec<_> =
        std::fs::read_dir(app.path(".nodeward/cache")).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(files.len(), newer.len());
    for file in &files {
        let mut bytes = std::fs::read(file).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        std::fs::write(file, bytes).unwrap();
    }
    for (version, node) in &newer {
        assert_not_started(&app.run(node, &[], &["app.js"]), ".cache was changed", *version);
    }
    let ran = app.nodeward(&["seal", "--check", "app.js"]);
    assert_eq!((ran.code, ran.out.lines().count()), (1, files.len()), "{}{}", ran.out, ran.err);
    std::fs::remove_dir_all(app.path(".nodeward")).unwrap();
    for (version, node) in &newer {
        assert_not_started(&app.run(node, &[], &["app.js"]), ".cache can't be read", *version);
    }
}

/// Modules with sealed code are compiled by the guard: they must not notice.
#[test]
fn sealed_code_makes_what_node_makes() {
    let app =
        App::new("console.log(require('./made.js'), require('./data.json'));\nrequire('./imports.js');\n");
    app.write(
        "made.js",
        "#!/usr/bin/env node\n\
         console.log(this === exports, arguments.length, __filename, __dirname, module.parent.id, module.children.length);\n\
         console.log(Object.keys(require), require.name, require.length, require.main === process.mainModule);\n\
         console.log(require.cache === require('module')._cache, require.extensions === require('module')._extensions);\n\
         console.log(require.resolve('./listed.js'), require.resolve('fs'), require.resolve.paths('x').slice(0, 3));\n\
         for (const wrong of [undefined, 1, './none.js', 'node:none']) {\n\
           try { require.resolve(wrong); } catch (error) { console.log(error.code); }\n\
           try { require(wrong); } catch (error) { console.log(error.code); }\n\
         }\n\
         console.log(new Error('here').stack.split('\\n').slice(0, 2));\n\
         exports.early = true;\n\
         console.log(require('./round.js'));\n\
         try { require('./waits.mjs'); } catch (error) { console.log(error.code); }\n\
         process.on('exit', () => console.log(arguments.callee.cachedDataRejected));\n\
         exports.late = true;\n",
    );
    app.write("round.js", "module.exports = [require('./made.js').early, require('./made.js').late];\n");
    app.write("waits.mjs", "import made from './made.js';\nexport default made;\n");
    app.write("data.json", "{\"a\": [1]}");
    app.write("imports.js", "import('./asked.mjs').then((asked) => console.log(asked.default));\n");
    app.write("asked.mjs", "export default 'asked';\n");
    let newer = seal_with_code_cache(&app);
    if newer.is_empty() {
        return;
    }
    for (version, node) in newer {
        let plain = of(&mut app.plain(&node, &["app.js"]));
        let ran = of(&mut app.guarded(&node, &[], &["app.js"]));
        let same = plain.out.strip_suffix("undefined\n").unwrap();
        let sealed = ran
            .out
            .strip_suffix("false\n")
            .unwrap_or_else(|| panic!("Node.js {version}: its code was not used: {}{}", ran.out, ran.err));
        assert_eq!(sealed, same, "Node.js {version}");
        assert_eq!(ran.err.contains("USE_MAIN"), plain.err.contains("USE_MAIN"), "{}", ran.err);
    }
}
