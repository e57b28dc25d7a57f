//! Every place that can say it, and what must not be taken for one.

use std::path::Path;

use proptest::prelude::*;

use super::*;

/// What a file says, as `line text`; image tags with a colon before.
fn said(file: &str, text: &str) -> Vec<String> {
    let show = |statement: &NodeStatement| match &statement.said {
        Said::Version(text) => format!("{} {text}", statement.place.line),
        Said::ImageTag(tag) => format!("{} :{tag}", statement.place.line),
    };
    statements(Path::new(file), text).iter().map(show).collect()
}

#[test]
fn version_files() {
    for (text, expected) in [
        ("v18.12.1\n", "1 v18.12.1"),
        ("\n# comment\n lts/* # more\n", "3 lts/*"),
        ("\u{feff}20\r\n", "1 20"),
    ] {
        assert_eq!(said(".nvmrc", text), [expected]);
        assert_eq!(said("x/.node-version", text), [expected]);
    }
    assert!(said(".nvmrc", "").is_empty() && said(".nvmrc", "# only\n").is_empty());
    assert!(said(".nvmrc", &"9".repeat(300)).is_empty() && said("nvmrc", "20").is_empty());
    assert_eq!(said(".tool-versions", "ruby 3.2.0\nnodejs 20.11.1 18.0.0 # x\n"), ["2 20.11.1"]);
    assert!(said(".tool-versions", "nodejs\npython 3.12.0\n#nodejs 20\n").is_empty());
}

#[test]
fn images() {
    for (text, expected) in [
        ("FROM node:20-alpine", "1 :20-alpine"),
        ("from Node:20\nFROM node", "2 :latest"),
        ("FROM --platform=linux/amd64 docker.example.org:5000/library/node:18.19.0 AS build", "1 :18.19.0"),
        ("FROM node:20@sha256:0123", "1 :20"),
        ("FROM node@sha256:0123", "1 :sha256:0123"),
        ("ARG NODE=20.11\nARG V=${NODE}.1\nFROM node:${V}-slim", "3 :20.11.1-slim"),
        ("ARG TAG\nFROM node:${TAG:-22}", "2 :22"),
        ("ARG IMAGE=\"node:16\"\nFROM $IMAGE", "2 :16"),
        ("# syntax=x\nFROM \\\n  # comment\n  node:14", "2 :14"),
        ("# escape=`\nFROM `\nnode:14", "2 :14"),
        ("FROM node:$TAG", "1 :$TAG"),
        ("FROM registry.example.org/distroless/nodejs20-debian12", "1 20"),
        ("FROM registry.example.org/ubi9/nodejs-18:1", "1 18"),
        ("FROM debian:12\nENV A=1 NODE_VERSION=20.11.1", "2 20.11.1"),
        ("FROM debian:12\nENV NODE_VERSION 18.0.0", "2 18.0.0"),
    ] {
        assert_eq!(said("Dockerfile", text), [expected], "{text}");
    }
    for text in [
        "FROM debian:12",
        "FROM nodered/node-red:3",
        "FROM mynode:20",
        "FROM debian AS node\nRUN x",
        "FROM debian AS node\nFROM node",
        "# FROM node:20",
        "RUN echo FROM node:20",
        "FROM",
        "FROM ${",
        "ENV NODE_VERSION=$X",
    ] {
        assert!(said("Dockerfile", text).is_empty(), "{text}");
    }
    assert_eq!(said("Dockerfile", "FROM node:18 AS a\nFROM node:20 AS b\nFROM a"), ["1 :18", "2 :20"]);
    for name in ["Dockerfile.prod", "api.Dockerfile", "Containerfile", "dockerfile", "a/Dockerfile-dev"] {
        assert!(is_understood(Path::new(name)), "{name}");
    }
    for name in ["Dockerfile.dockerignore", "Dockerfiles", "mydockerfile", "README.md"] {
        assert!(!is_understood(Path::new(name)), "{name}");
    }
}

#[test]
fn workflows() {
    let file = ".github/workflows/ci.yml";
    assert_eq!(said(file, "steps:\n  - with:\n      node-version: '20.x' # x\n"), ["3 20.x"]);
    assert_eq!(said(file, "- node-version: 18\n"), ["1 18"]);
    for text in [
        "node-version: [18, 20]",
        "node-version: ${{ matrix.node }}",
        "node-version:\n  - 18",
        "# node-version: 18",
    ] {
        assert!(said(file, text).is_empty(), "{text}");
    }
    assert!(said("ci.yml", "node-version: 18").is_empty());
}

#[test]
fn manifests() {
    let file = Path::new("package.json");
    let manifest = br#"{"engines": {"node": ">=18"},
        "volta": {"node": "20.11.1"}}"#;
    let manifest = Manifest::parse(file, manifest).unwrap();
    let all: Vec<String> = in_manifest(file, &manifest)
        .iter()
        .map(|statement| format!("{} {} {}", statement.place.line, statement.said_by, statement.said.text()))
        .collect();
    assert_eq!(all, ["2 volta.node 20.11.1", "1 engines.node >=18"]);
    assert!(in_manifest(file, &Manifest::default()).is_empty());
}

proptest! {
    #[test]
    fn any_text_is_read(text in "(FROM|ARG|ENV|node|[ $\\{\\}:=@`\\\\\r\n\"'#a-z/-]|\\PC){0,60}", file in 0_usize..4) {
        let file = [".nvmrc", ".tool-versions", "Dockerfile", ".github/workflows/a.yml"][file];
        let _ = statements(Path::new(file), &text);
    }
}
