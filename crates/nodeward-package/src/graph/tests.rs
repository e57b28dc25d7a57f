use super::*;

fn package(name: &str) -> Package {
    Package::new(PackageName::parse(name).unwrap(), "1.0.0", Origin::Registry { resolved: None })
}

/// `a>b` production, `a:b` development, `a?b` optional; the first name is the root.
fn graph(edges: &str) -> DependencyGraph {
    let mut builder = GraphBuilder::new(Path::new("lock"), Format::NpmPackageLock);
    let mut ids: Vec<(String, PackageId)> = Vec::new();
    for edge in edges.split_whitespace() {
        let at = edge.find(['>', ':', '?', '^']).unwrap();
        let mut id = |name: &str, builder: &mut GraphBuilder| {
            if let Some((_, id)) = ids.iter().find(|(known, _)| known == name) {
                return *id;
            }
            let id =
                if ids.is_empty() { builder.add_root(package(name)) } else { builder.add(package(name)) };
            ids.push((name.to_owned(), id));
            id
        };
        let (from, to) = (id(&edge[..at], &mut builder), id(&edge[at + 1..], &mut builder));
        let kind = match &edge[at..=at] {
            ">" => EdgeKind::Production,
            ":" => EdgeKind::Development,
            "?" => EdgeKind::Optional,
            _ => EdgeKind::Peer,
        };
        builder.require(Edge {
            from,
            to: Some(to),
            kind,
            name: edge[at + 1..].into(),
            specifier: "*".into(),
        });
    }
    builder.finish(ReachFrom::Edges)
}

fn find(graph: &DependencyGraph, name: &str) -> PackageId {
    graph.iter().find(|(_, package)| package.name.as_str() == name).unwrap().0
}

#[test]
fn reach_follows_edges() {
    let graph = graph("r>a r:b a>c b>c b>d a?e e>f r^p d:x");
    let reach = |name: &str| graph.package(find(&graph, name)).reach;
    assert_eq!(reach("c"), Reach { production: true, development: true, ..Reach::default() });
    assert_eq!(reach("d"), Reach { development: true, ..Reach::default() });
    assert_eq!(reach("f"), Reach { production: true, optional: true, ..Reach::default() });
    assert_eq!(reach("p"), Reach { production: true, peer: true, ..Reach::default() });
    assert_eq!(reach("x"), Reach::default(), "development edges count only from roots");
}

#[test]
fn a_way_that_is_found_late_still_goes_on() {
    // First reached over an optional and a peer edge, then plainly; what lies behind has to learn of both.
    let graph = graph("r?a a>b b>c c>a r^d d>b r>b r:c");
    let reach = |name: &str| graph.package(find(&graph, name)).reach;
    for name in ["a", "b", "c"] {
        assert_eq!(reach(name), Reach { production: true, development: true, ..Reach::default() }, "{name}");
    }
    assert_eq!(reach("d"), Reach { production: true, peer: true, ..Reach::default() });
    assert!(graph.is_root(graph.roots()[0]) && !graph.is_root(find(&graph, "a")));
}

#[test]
fn paths_are_shortest_first_and_survive_cycles() {
    let graph = graph("r>a a>b b>a b>c r>c c>a");
    let names = |path: &Vec<PackageId>| {
        path.iter().map(|&id| graph.package(id).name.to_string()).collect::<Vec<_>>().join(">")
    };
    let paths: Vec<String> = graph.paths_to(find(&graph, "c"), 10).iter().map(names).collect();
    assert_eq!(paths, ["r>c", "r>a>b>c"]);
    assert_eq!(names(&graph.shortest_path_to(find(&graph, "b")).unwrap()), "r>a>b");
    assert!(graph.is_direct(find(&graph, "c")) && !graph.is_direct(find(&graph, "b")));
}

#[test]
fn a_ladder_of_diamonds_does_not_hang() {
    let mut edges = String::from("r>n0 ");
    for rung in 0..40 {
        edges += &format!("n{rung}>l{rung} n{rung}>m{rung} l{rung}>n{0} m{rung}>n{0} ", rung + 1);
    }
    let graph = graph(&edges);
    let paths = graph.paths_to(find(&graph, "n40"), 3);
    assert!(!paths.is_empty());
    assert_eq!(paths[0].len(), 82);
}
